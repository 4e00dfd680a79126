"""Timelines of installed programmes, read from the folder that the node took in."""

from functools import lru_cache
from pathlib import Path

from sekisho.errors import NotFound, fault
from sekisho.gate.admit import installed, permit
from sekisho.gate.house import Call
from sekisho.lanes.open.timelines import History, history_of
from sekisho.model.dataset import Lookup, Timeline
from sekisho.model.text import Text
from sekisho.people import Action
from sekisho.programmes.lookup_rows import lookup_rows

PUBLIC = "public"


def timeline_ids(call: Call, programme_id: str) -> list[str]:
    """The look-ups of a programme that are timelines; everyone's where the programme is."""
    programme = installed(call.house, programme_id)
    if PUBLIC not in programme.recipients:
        permit(call, Action.READ)
    return [each.id for each in programme.lookups if each.timeline is not None]


def timeline(call: Call, programme_id: str, name: str | None = None) -> History:
    """A timeline of a programme, its first when none is named; NotFound when there is none."""
    known = timeline_ids(call, programme_id)
    wanted = name or (known[0] if known else "")
    programme = installed(call.house, programme_id)
    lookups = {each.id: each for each in programme.lookups}
    line = lookups[wanted].timeline if wanted in known else None
    if line is None:
        listed = ", ".join(f"`{each}`" for each in known) or "–"
        asked = {"programme": programme_id, "name": wanted or "–", "known": listed}
        raise NotFound(fault("documents.no-timeline", None, **asked))
    folder = call.house.folder.programme(programme.id, programme.digest)
    return _read(folder, lookups[wanted], line, lookups[line.names])


@lru_cache(maxsize=8)
def _read(folder: Path, lookup: Lookup, line: Timeline, names: Lookup) -> History:
    """INVARIANT: a folder's name holds its digest, so what lies in it never changes."""
    named = {row[names.key]: Text(row[line.en], row[line.ja]) for row in _rows(folder, names)}
    return history_of(lookup, line, _rows(folder, lookup), named)


def _rows(folder: Path, lookup: Lookup) -> list[dict[str, str]]:
    return lookup_rows(lookup, (folder / lookup.file).read_text(encoding="utf-8"))[0]
