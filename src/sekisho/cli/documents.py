"""`sekisho form` for documents: templates, filled files, comparison, search, timelines."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sekisho import text
from sekisho.cli.form import FORM, NODE, PROGRAMME, REFERENCE, form
from sekisho.cli.options import Speaker, common, language_of_environment
from sekisho.errors import StorageError, UsageError, fault

if TYPE_CHECKING:
    from sekisho.lanes.open.compare import Comparison
    from sekisho.node.documents import Paper

SHOWN_EVENTS = 20
FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


def words(name: str) -> str:
    """A line of help of `text/<language>/documents.toml`."""
    return text.sentence(f"documents.help-{name}", {}, language_of_environment())


def tell(speaker: Speaker, name: str, **fields: object) -> None:
    """Print a sentence of `text/<language>/documents.toml`."""
    speaker.line(text.sentence(f"documents.{name}", fields, speaker.language))


ONLY = click.option("--only", multiple=True, metavar="PARTICIPANT", help=words("option-only"))


def _kind(file: Path) -> str:
    return file.suffix.lower().removeprefix(".")


def _write(speaker: Speaker, paper: "Paper", file: Path) -> None:
    try:
        file.write_bytes(paper.data)
    except OSError as error:
        reason = error.strerror or "unknown"
        raise StorageError(fault("format.not-written", file=file.name, reason=reason)) from error
    tell(speaker, "written", file=file, bytes=f"{len(paper.data):,}")
    speaker.answer({"file": str(file), "bytes": len(paper.data)})


@form.command(help=words("template"))
@NODE
@PROGRAMME
@FORM
@FILE
@common
def template(speaker: Speaker, node: Path, programme: str, form_id: str, file: Path) -> None:
    """The form to fill in offline."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        paper = opened.documents.template(programme, form_id, _kind(file), speaker.language)
    _write(speaker, paper, file)


@form.command("import", help=words("import"))
@NODE
@PROGRAMME
@FORM
@FILE
@common
def import_(speaker: Speaker, node: Path, programme: str, form_id: str, file: Path) -> None:
    """Save the answers of a filled file as the draft."""
    import sekisho

    try:
        data = file.read_bytes()
    except OSError:
        raise UsageError(fault("forms.no-file", file=file.name)) from None
    with sekisho.open(node, actor=speaker.actor) as opened:
        draft, found = opened.documents.fill(programme, form_id, data)
    for each in found.notes:
        speaker.line(f"  {each.sentence(speaker.language)}")
    tell(speaker, "imported", form=form_id, count=len(draft.answers), revision=draft.revision)
    notes = [each.sentence(speaker.language) for each in found.notes]
    answer = {"form": form_id, "answers": sorted(draft.answers), "notes": notes}
    speaker.answer({**answer, "revision": draft.revision})


@form.command(help=words("export"))
@NODE
@REFERENCE
@FILE
@common
def export(speaker: Speaker, node: Path, reference: str, file: Path) -> None:
    """A submission as a file."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        paper = opened.documents.submission(reference, _kind(file), speaker.language)
    _write(speaker, paper, file)


@form.command(help=words("download"))
@NODE
@PROGRAMME
@FORM
@FILE
@click.option(
    "--kind",
    type=click.Choice(["docx", "xlsx", "pdf", "json"]),
    default="docx",
    show_default=True,
    help=words("option-kind"),
)
@common
def download(
    speaker: Speaker, node: Path, programme: str, form_id: str, file: Path, kind: str
) -> None:
    """Every submission of a form in one ZIP."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        paper = opened.documents.every(programme, form_id, kind, speaker.language)
    _write(speaker, paper, file)


@form.command("compare", help=words("compare"))
@NODE
@PROGRAMME
@FORM
@ONLY
@click.option("--to", "file", type=click.Path(path_type=Path), help=words("option-to"))
@common
def compare_(speaker: Speaker, node: Path, programme: str, form_id: str, **given: object) -> None:
    """Submissions side by side."""
    import sekisho

    only = tuple(map(str, given["only"])) if isinstance(given["only"], tuple) else ()
    file = given["file"]
    with sekisho.open(node, actor=speaker.actor) as opened:
        documents = opened.documents
        if isinstance(file, Path):
            kind, language = _kind(file), speaker.language
            paper = documents.comparison(programme, form_id, kind, language, only)
            _write(speaker, paper, file)
            return
        made = documents.compare(programme, form_id, speaker.language, only)
    _show(speaker, made)


def _show(speaker: Speaker, made: "Comparison") -> None:
    from sekisho.lanes.open.compare import Gap, said_gap

    language, answer = speaker.language, []
    for section in made.form.sections:
        speaker.line(f"{section.id}. {section.title.said(language)}")
        counts = {each.id: made.count(section, each) for each in made.entrants}
        for each in made.entrants:
            count = counts[each.id]
            if not isinstance(count, Gap):
                who = each.name.said(language)
                tell(speaker, "compared-count", participant=who, count=count)
        gaps = {
            gap: [e.name.said(language) for e in made.entrants if counts[e.id] is gap]
            for gap in Gap
        }
        for gap, names in gaps.items():
            if names:
                listed = ("、" if language.value == "ja" else ", ").join(names)
                speaker.line(f"  {said_gap(gap, language)}: {listed}")
        answer.append({"section": section.id, "counts": counts})
    speaker.answer({"form": made.form.id, "sections": answer})


@form.command("search", help=words("search"))
@NODE
@click.argument("query")
@click.option("--programme", help=words("option-programme"))
@common
def search_(speaker: Speaker, node: Path, query: str, programme: str | None) -> None:
    """Submissions that hold every word."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        found = opened.documents.search(query, programme)
    for each in found:
        made = each.submission
        speaker.line(f"{made.reference}  {made.participant}  {made.submitted_at:%Y-%m-%d}")
        for passage in each.passages:
            speaker.line(f"  {passage.section}: {passage.text}")
    if not found:
        tell(speaker, "nothing-found")
    speaker.answer(
        {
            "found": [
                {
                    "reference": each.submission.reference,
                    "participant": each.submission.participant,
                    "passages": [
                        {"section": p.section, "question": p.question, "text": p.text}
                        for p in each.passages
                    ],
                }
                for each in found
            ]
        }
    )


@form.command("timeline", help=words("timeline"))
@NODE
@PROGRAMME
@click.argument("query", default="")
@click.option("--who", help=words("option-who"))
@click.option("--topic", help=words("option-topic"))
@common
def timeline_(speaker: Speaker, node: Path, programme: str, query: str, **given: object) -> None:
    """What happened when."""
    import sekisho

    asked = {name: str(value) for name, value in given.items() if value is not None}
    with sekisho.open(node, actor=speaker.actor) as opened:
        history = opened.documents.timeline(programme)
        events = opened.documents.events(
            programme, query, who=asked.get("who"), topic=asked.get("topic")
        )
    for each in events[:SHOWN_EVENTS]:
        what = ", ".join(each.texts)
        speaker.line(f"{each.on}  {each.name.said(speaker.language)}  {each.topic}: {what}")
    shown, count = min(SHOWN_EVENTS, len(events)), len(events)
    tell(speaker, "events-shown", shown=shown, count=f"{count:,}", all=f"{len(history.events):,}")
    tell(speaker, "events-terms", source=history.lookup.source, licence=history.lookup.licence)
    speaker.answer(
        {
            "licence": history.lookup.licence,
            "source": history.lookup.source,
            "events": [
                {"on": e.on, "who": e.who, "topic": e.topic, "texts": list(e.texts)} for e in events
            ],
        }
    )
