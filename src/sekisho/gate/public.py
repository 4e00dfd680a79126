"""Public tables of installed programmes, read from the folder that the node took in."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sekisho.errors import NotFound, fault
from sekisho.gate.admit import installed, permit, read_copy
from sekisho.gate.house import Call
from sekisho.model.programme import Programme
from sekisho.model.public import PublicTable
from sekisho.people import Action
from sekisho.programmes.public import public_rows

PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class OpenedTable:
    """A public table with its rows as they were taken in, and the file that they lie in."""

    programme: Programme
    table: PublicTable
    rows: tuple[dict[str, str], ...]
    file: Path


def public_tables(call: Call, programme_id: str) -> tuple[PublicTable, ...]:
    """The public tables of a programme; everyone's where its releases are."""
    programme = installed(call.house, programme_id)
    if PUBLIC not in programme.recipients:
        permit(call, Action.READ)
    return programme.public_tables


def public_table(call: Call, programme_id: str, table_id: str) -> OpenedTable:
    """One public table, opened from the folder whose digest the log holds.

    Raises: NotFound; StorageError when the folder is no longer what was taken in.
    """
    tables = public_tables(call, programme_id)
    programme = installed(call.house, programme_id)
    if not any(each.id == table_id for each in tables):
        known = ", ".join(f"`{each.id}`" for each in tables) or "–"
        raise NotFound(fault("public.none", table=table_id[:64], known=known))
    folder = call.house.folder.programme(programme.id, programme.digest)
    return _opened(folder, programme.digest, table_id)


@lru_cache(maxsize=16)
def _opened(folder: Path, digest: str, table_id: str) -> OpenedTable:
    """INVARIANT: a folder's name holds its digest; it is compared again before rows are kept."""
    programme = read_copy(folder, digest)
    table = next(each for each in programme.public_tables if each.id == table_id)
    text = (folder / table.file).read_text(encoding="utf-8")
    return OpenedTable(programme, table, tuple(public_rows(table, text)[0]), folder / table.file)
