"""How the command line speaks of witnesses."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sekisho.cli.log_source import tell
from sekisho.cli.options import Speaker

if TYPE_CHECKING:
    from sekisho.gate.logbook import LogBook
    from sekisho.tlog.testimony import Testimony


def say_witnesses(speaker: Speaker, witnesses: "Sequence[Testimony]") -> None:
    """Who has witnessed an entry; says so when nobody has."""
    for each in witnesses:
        at = f"{each.at:%Y-%m-%dT%H:%M:%SZ}"
        tell(speaker, "proof-witnessed", witness=each.name, at=at, size=each.checkpoint.size)
    if not witnesses:
        tell(speaker, "proof-unwitnessed")


def say_standing(speaker: Speaker, book: "LogBook") -> list[dict[str, object]]:
    """How each witness stands: its last word, and what went wrong when it was last asked."""
    from sekisho.present.testimony import asked_about, testimony_about

    words = {each.name: each for each in book.testimonies()}
    asked = {each.name: each for each in book.asked()}
    names = dict.fromkeys([*(each.verifier.name for each in book.witnesses), *words, *asked])
    found: list[dict[str, object]] = []
    for name in names:
        about: dict[str, object] = {"name": name}
        if name in words:
            said = words[name]
            about |= testimony_about(said)
            size = said.checkpoint.size
            tell(
                speaker,
                "witness-cosigned",
                witness=name,
                size=size,
                at=f"{said.at:%Y-%m-%dT%H:%MZ}",
            )
        else:
            tell(speaker, "witness-silent", witness=name)
        if name in asked:
            last = asked[name]
            about["asked"] = asked_about(last, speaker.language)
            if last.fault is not None:
                why, at = last.fault.sentence(speaker.language), f"{last.at:%Y-%m-%dT%H:%MZ}"
                tell(speaker, "witness-fault", at=at, size=last.size, why=why)
        found.append(about)
    if not found:
        tell(speaker, "witness-none")
    return found
