"""`sekisho programme`: programme folders."""

from pathlib import Path

import click

from sekisho.cli.options import Speaker, common, language_of_environment, said
from sekisho.text import sentence


@click.group(help=said("help-programme"))
def programme() -> None:
    """Programme folders."""


@programme.command(help=said("help-programme-check"))
@click.argument("folder", type=click.Path(path_type=Path))
@common
def check(speaker: Speaker, folder: Path) -> None:
    """Read and check a folder; every fault at once."""
    from sekisho.wiring import checked_programme, programme_folder

    found = checked_programme(programme_folder(folder))
    speaker.say(
        "programme-sound",
        programme=found.id,
        datasets=len(found.datasets),
        plans=len(found.release_plans),
        rules=len(found.access_rules),
    )
    speaker.answer({"programme": found.id, "digest": found.digest, "faults": []})


@programme.command(help=said("help-programme-add"))
@click.argument("node", type=click.Path(path_type=Path))
@click.argument("source")
@common
def add(speaker: Speaker, node: Path, source: str) -> None:
    """Take a programme in."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        found = opened.add_programme(source)
    speaker.say("programme-added", programme=found.id, digest=found.digest)
    speaker.answer({"programme": found.id, "digest": found.digest})


@programme.command(help=sentence("calendar.help-holdings", {}, language_of_environment()))
@click.argument("node", type=click.Path(path_type=Path))
@click.argument("programme_id", metavar="PROGRAMME")
@click.argument("file", type=click.Path(path_type=Path))
@common
def holdings(speaker: Speaker, node: Path, programme_id: str, file: Path) -> None:
    """Bring the private table of holdings."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        count = opened.members.set_holdings(programme_id, file)
    speaker.line(sentence("calendar.holdings-kept", {"count": count}, speaker.language))
    speaker.answer({"programme": programme_id, "contributors": count})


@programme.command("list", help=said("help-programme-list"))
@click.argument("node", type=click.Path(path_type=Path), required=False)
@common
def list_(speaker: Speaker, node: Path | None) -> None:
    """The programmes of a node, or those that come with Sekisho."""
    import sekisho
    from sekisho.wiring import shipped

    if node is None:
        found = shipped()
    else:
        with sekisho.open(node, actor=speaker.actor) as opened:
            found = opened.programmes()
    for each in found:
        speaker.line(f"{each.id}  {each.title.said(speaker.language)}")
    if not found:
        speaker.say("no-programmes")
    speaker.answer({"programmes": [{"id": p.id, "digest": p.digest} for p in found]})


@programme.command(help=said("help-programme-show"))
@click.argument("node", type=click.Path(path_type=Path))
@click.argument("name")
@common
def show(speaker: Speaker, node: Path, name: str) -> None:
    """One programme: what it takes, what may leave, by which rules."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        found = opened.programme(name)
    language = speaker.language
    speaker.line(found.title.said(language))
    speaker.line(found.description.said(language))
    for dataset in found.datasets:
        speaker.say("programme-dataset", id=dataset.id, title=dataset.title.said(language))
    for plan in found.release_plans:
        speaker.say("programme-plan", id=plan.id, title=plan.title.said(language))
    for rule in found.access_rules:
        said_by = rule.annotations.get(f"text_{language.value}", "")
        speaker.say("programme-rule", id=rule.id, text=said_by)
    speaker.answer(
        {
            "programme": found.id,
            "digest": found.digest,
            "datasets": [each.id for each in found.datasets],
            "plans": [each.id for each in found.release_plans],
            "rules": [each.id for each in found.access_rules],
        }
    )
