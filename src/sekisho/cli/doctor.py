"""`sekisho doctor`: is this machine, and this node, well?"""

import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import click

from sekisho.cli.options import Speaker, common, said
from sekisho.cli.witnesses import say_standing

OPTIONAL = {
    "web": "fastapi",
    "privacy": "opendp",
    "postgres": "psycopg",
    "documents": "typst",
    "sdmx": "pysdmx",
}


@click.command(help=said("help-doctor"))
@click.argument("node", type=click.Path(path_type=Path), required=False)
@common
def doctor(speaker: Speaker, node: Path | None) -> int:
    """Look whether all is well; exit code 1 when something is not."""
    version = metadata.version("sekisho")
    python = ".".join(str(part) for part in sys.version_info[:3])
    extras = {name: find_spec(module) is not None for name, module in OPTIONAL.items()}
    speaker.say("doctor-version", version=version, python=python)
    for name, there in sorted(extras.items()):
        speaker.say("doctor-extra-there" if there else "doctor-extra-missing", extra=name)
    answer: dict[str, object] = {"version": version, "python": python, "extras": extras}
    well = True
    if node is not None:
        well = _node(speaker, node, answer)
    speaker.answer(answer)
    return 0 if well else 1


def _node(speaker: Speaker, node: Path, answer: dict[str, object]) -> bool:
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        findings, book, store = opened.verify(), opened.log_book, opened.store_kind
        programmes = [each.id for each in opened.programmes()]
    speaker.say(
        "doctor-node",
        programmes=", ".join(programmes) or "-",
        entries=findings.size,
        releases=findings.releases,
    )
    for each in findings.faults:
        speaker.line(f"  {each.sentence(speaker.language)}")
    speaker.say("doctor-store", kind=store)
    witnesses = say_standing(speaker, book)
    well = findings.passed and not any(each.refused for each in book.asked())
    speaker.say("doctor-well" if well else "doctor-not-well")
    answer["node"] = {
        "programmes": programmes,
        "store": store,
        "entries": findings.size,
        "releases": findings.releases,
        "faults": [each.sentence(speaker.language) for each in findings.faults],
        "witnesses": witnesses,
    }
    return well
