"""`sekisho form`: what is asked, answered, submitted and opened."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sekisho import text
from sekisho.cli.options import Speaker, common, language_of_environment, said
from sekisho.errors import DeliveryError, UsageError, fault, raise_all

if TYPE_CHECKING:
    from sekisho.model.form import Form
    from sekisho.model.submission import Draft, Submission
    from sekisho.node.forms import Forms, Receipt

NODE = click.argument("node", type=click.Path(path_type=Path))
PROGRAMME = click.argument("programme")
FORM = click.argument("form_id", metavar="FORM")
REFERENCE = click.argument("reference")
ANSWERS = click.argument("answers", type=click.Path(path_type=Path), required=False)


def words(name: str) -> str:
    """A line of help of `text/<language>/form_commands.toml`."""
    return text.sentence(f"form_commands.{name}", {}, language_of_environment())


def tell(speaker: Speaker, name: str, **fields: object) -> None:
    """Print a sentence of `text/<language>/form_commands.toml`."""
    speaker.line(text.sentence(f"form_commands.{name}", fields, speaker.language))


def read_file(file: Path) -> object:
    """The answers in a JSON file."""
    from sekisho.lanes.open.read_answers import parse_answers

    try:
        return parse_answers(file.read_bytes())
    except FileNotFoundError:
        raise UsageError(fault("forms.no-file", file=file.name)) from None


@click.group(help=said("help-form"))
def form() -> None:
    """Forms: what is asked, answered, submitted and opened."""


@form.command("list", help=words("list"))
@NODE
@PROGRAMME
@common
def list_(speaker: Speaker, node: Path, programme: str) -> None:
    """The forms of a programme."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        found = opened.programme(programme).forms
        stands = {each.id: opened.forms.standing(programme, each.id).value for each in found}
    for each in found:
        speaker.line(f"{each.id}  {each.title.said(speaker.language)}  {_until(each, speaker)}")
    speaker.answer(
        {
            "forms": [
                {"id": each.id, "version": each.version, "standing": stands[each.id]}
                for each in found
            ]
        }
    )


def _until(form_: "Form", speaker: Speaker) -> str:
    from sekisho.present.answers import day_text

    if form_.deadline is None:
        return ""
    day = day_text(form_.deadline.day, speaker.language)
    fields = {"day": day, "zone": form_.deadline.zone}
    return text.sentence("form_commands.until", fields, speaker.language)


@form.command(help=words("show"))
@NODE
@PROGRAMME
@FORM
@click.option("--schema", is_flag=True, help=words("option-schema"))
@common
def show(speaker: Speaker, node: Path, programme: str, form_id: str, *, schema: bool) -> None:
    """A form's questions, or the JSON Schema of its answers."""
    import json

    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        found = opened.forms.form(programme, form_id)
        described = opened.forms.schema(programme, form_id)
    if schema:
        click.echo(json.dumps(described, ensure_ascii=False, indent=2))
        return
    language = speaker.language
    speaker.line(found.title.said(language))
    speaker.line(found.description.said(language))
    speaker.line(_until(found, speaker))
    for section in found.sections:
        speaker.line(section.title.said(language))
        for question in section.questions:
            needed = " *" if question.required else ""
            kind = question.kind.value
            speaker.line(f"  {question.id}  {question.title.said(language)}  {kind}{needed}")
    speaker.answer({"form": found.id, "version": found.version, "schema": described})


@form.command(help=words("check"))
@NODE
@PROGRAMME
@FORM
@click.argument("answers", type=click.Path(path_type=Path))
@common
def check(speaker: Speaker, node: Path, programme: str, form_id: str, answers: Path) -> None:
    """Whether answers could be submitted; every fault at once, nothing is saved."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        raise_all(DeliveryError, opened.forms.faults(programme, form_id, read_file(answers)))
    tell(speaker, "whole", form=form_id)
    speaker.answer({"form": form_id, "faults": []})


ATTACH = click.option(
    "--attach", "files", multiple=True, metavar="QUESTION=FILE", help=words("option-attach")
)


@form.command(help=words("draft"))
@NODE
@PROGRAMME
@FORM
@ANSWERS
@ATTACH
@click.option("--settle", is_flag=True, help=words("option-settle"))
@click.option("--drop", is_flag=True, help=words("option-drop"))
@common
def draft(speaker: Speaker, node: Path, programme: str, form_id: str, **given: object) -> None:
    """Save answers as a draft, or show the draft."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        forms = opened.forms
        if given["drop"]:
            forms.drop(programme, form_id)
            tell(speaker, "dropped", form=form_id)
            speaker.answer({"form": form_id, "dropped": True})
            return
        saved = _saved(forms, (programme, form_id), given)
        _show_draft(speaker, forms.form(programme, form_id), saved)


def _saved(forms: "Forms", where: tuple[str, str], given: Mapping[str, object]) -> "Draft":
    """The draft, after what came with the command was saved."""
    from sekisho.lanes.open.written import answers_json

    programme, form_id = where
    answers, files = given["answers"], given["files"]
    added = {}
    for each in files if isinstance(files, tuple) else ():
        question, equals, file = str(each).partition("=")
        if not equals:
            raise UsageError(fault("forms.attach-form"))
        added[question] = forms.attach(programme, form_id, question, file)
    if answers is None and not added:
        return forms.draft(programme, form_id)
    if isinstance(answers, Path):
        found = read_file(answers)
    else:
        found = answers_json(forms.draft(programme, form_id).answers)
    whole = {**found, **added} if isinstance(found, dict) else found
    return forms.fill(programme, form_id, whole, settles=bool(given.get("settle")))


def _show_draft(speaker: Speaker, form_: "Form", draft_: "Draft") -> None:
    from sekisho.lanes.open.written import answer_json, answers_json
    from sekisho.present.answers import answer_lines, leftover_text

    tell(speaker, "draft-revision", form=form_.id, revision=draft_.revision)
    for line in answer_lines(form_, draft_.answers, speaker.language):
        speaker.line(line)
    for clash in draft_.clashes:
        tell(speaker, "draft-clash", section=clash.section, by=clash.by)
    for each in draft_.leftovers:
        tell(speaker, "draft-leftover", title=each.title.said(speaker.language))
        for line in leftover_text(each, speaker.language).split("\n"):
            speaker.line(f"    {line}")
    speaker.answer(
        {
            "form": form_.id,
            "version": draft_.version,
            "revision": draft_.revision,
            "corrects": draft_.corrects,
            "answers": answers_json(draft_.answers),
            "waiting": [
                {"section": c.section, "answers": answers_json(c.answers)} for c in draft_.clashes
            ],
            "left_over": {each.question: answer_json(each.answer) for each in draft_.leftovers},
        }
    )


@form.command(help=words("submit"))
@NODE
@PROGRAMME
@FORM
@ANSWERS
@ATTACH
@click.option("--receipt", type=click.Path(path_type=Path), help=words("option-receipt"))
@click.option("--leftovers-seen", is_flag=True, help=words("option-leftovers"))
@common
def submit(speaker: Speaker, node: Path, programme: str, form_id: str, **given: object) -> None:
    """Submit the draft, or the answers in a file."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        forms = opened.forms
        _saved(forms, (programme, form_id), given)
        seen = bool(given["leftovers_seen"])
        receipt = forms.submit(programme, form_id, leftovers_seen=seen)
    _tell_receipt(speaker, receipt, given["receipt"])


def _tell_receipt(speaker: Speaker, receipt: "Receipt", place: object) -> None:
    made = receipt.submission
    if isinstance(place, Path):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(receipt.proof, encoding="utf-8")
        place.with_suffix(".json").write_bytes(receipt.paper)
    tell(speaker, "submitted", reference=made.reference, entry=made.entry_index)
    if made.late:
        tell(speaker, "late")
    speaker.answer(_about(made))


def _about(made: "Submission") -> dict[str, object]:
    from sekisho.lanes.open.written import submission_json

    return {
        **submission_json(made),
        "state": made.state.value,
        "sha256": made.digest,
        "entry": made.entry_index,
    }


@form.command(help=words("correct"))
@NODE
@REFERENCE
@click.argument("answers", type=click.Path(path_type=Path))
@click.option("--receipt", type=click.Path(path_type=Path), help=words("option-receipt"))
@common
def correct(speaker: Speaker, node: Path, reference: str, **given: Path | None) -> None:
    """Correct a submission with the answers in a file; the history stays."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        begun = opened.forms.correct(reference)
        where = (begun.programme, begun.form)
        opened.forms.fill(*where, read_file(given["answers"] or Path()))
        receipt = opened.forms.submit(*where, leftovers_seen=True)
    _tell_receipt(speaker, receipt, given["receipt"])


@form.command(help=words("withdraw"))
@NODE
@REFERENCE
@common
def withdraw(speaker: Speaker, node: Path, reference: str) -> None:
    """Take a submission back."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        made = opened.forms.withdraw(reference)
    tell(speaker, "withdrawn", reference=made.reference)
    speaker.answer(_about(made))


@form.command("open", help=words("open"))
@NODE
@REFERENCE
@common
def open_(speaker: Speaker, node: Path, reference: str) -> None:
    """Let everyone read a submission."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        made = opened.forms.open_to_public(reference)
    tell(speaker, "opened", reference=made.reference)
    speaker.answer(_about(made))


@form.command(help=words("read"))
@NODE
@REFERENCE
@click.option("--history", is_flag=True, help=words("option-history"))
@common
def read(speaker: Speaker, node: Path, reference: str, *, history: bool) -> None:
    """One submission; with its history, every revision that may be read."""
    import sekisho
    from sekisho.present.answers import answer_lines

    with sekisho.open(node, actor=speaker.actor) as opened:
        found = opened.forms.history(reference)
        shown = found if history else found[-1:]
        forms = [opened.forms.form_of(each) for each in shown]
    for each, asked in zip(shown, forms, strict=True):
        tell(
            speaker,
            "revision",
            reference=each.reference,
            revision=each.revision,
            participant=each.participant,
            state=text.sentence(f"forms.state-{each.state.value}", {}, speaker.language),
            at=f"{each.submitted_at:%Y-%m-%d %H:%M} UTC",
        )
        for line in answer_lines(asked, each.answers, speaker.language):
            speaker.line(line)
    speaker.answer({"submissions": [_about(each) for each in shown]})


# The commands for documents and of whoever answers for a programme join the group.
from sekisho.cli import documents as _documents  # noqa: E402, F401
from sekisho.cli import form_steward as _form_steward  # noqa: E402, F401
