"""Which contributors belong together: a table that the data holder keeps, and nobody else reads.

It stands in no programme folder, no delivery and no release. Protection counts a holding as one
contributor. A table that is changed makes other editions; those before keep the one they had.
"""

import csv
import io
from hashlib import sha256
from pathlib import Path

from sekisho.errors import DeliveryError, Refused, UsageError, fault
from sekisho.gate.admit import installed, permit
from sekisho.gate.files import move_into_place, workshop, write_whole
from sekisho.gate.house import Call, House, Said, entry_of
from sekisho.gate.sequence import sequence
from sekisho.model.entry import EntryKind
from sekisho.model.programme import Programme
from sekisho.people import Action

MOST_ROWS = 100_000
MOST_BYTES = 8 << 20


def set_holdings(call: Call, programme_id: str, source: Path) -> int:
    """Take up a table of holdings, two columns with a header: contributor, holding.

    Gives how many contributors stand in it.

    Raises: UsageError when no dataset of the programme asks for one; DeliveryError when it cannot
    be read, or names a contributor twice; NotPermitted for all but the data holder.
    """
    house = call.house
    programme = installed(house, programme_id, afresh=True)
    asking = [each for each in programme.datasets if each.private_holdings]
    whose = (each.holders(programme.steward) for each in asking or programme.datasets)
    permit(call, Action.LOAD, programme, of=frozenset[str]().union(*whose))
    if not asking:
        raise UsageError(fault("calendar.no-holdings-asked", programme=programme_id))
    rows = _read(source)
    data = _written(rows)
    digest = sha256(data).hexdigest()
    if house.store.calendar.holdings(programme_id) == digest:
        return len(rows)
    place = _place(house, programme_id, digest)
    with workshop(house.folder.aside) as own:
        write_whole(own / "holdings.csv", data)
        place.parent.parent.parent.mkdir(exist_ok=True, mode=0o700)
        place.parent.parent.mkdir(exist_ok=True, mode=0o700)
        move_into_place(own / "holdings.csv", place)
    place.parent.chmod(0o700)
    said = Said(
        programme=programme_id,
        public=(("setting", "holdings"), ("change", "changed")),
        committed=(("settings", digest.encode()),),
    )
    entry = entry_of(house, EntryKind.SETTINGS_CHANGED, said)
    house.store.calendar.keep_holdings(programme_id, digest, entry)
    sequence(house)
    return len(rows)


def _place(house: House, programme: str, digest: str) -> Path:
    return house.folder.private(programme) / "holdings" / f"{digest}.csv"


def _read(source: Path) -> list[tuple[str, str]]:
    """The rows of a table, by contributor."""
    try:
        if source.stat().st_size > MOST_BYTES:
            raise DeliveryError(fault("calendar.holdings-form"))
        text = source.read_text(encoding="utf-8-sig")
        _head, *rows = [row for row in csv.reader(io.StringIO(text), strict=True) if row]
    except (OSError, UnicodeDecodeError, csv.Error, ValueError):
        raise DeliveryError(fault("calendar.holdings-form")) from None
    found: dict[str, str] = {}
    for row in rows:
        cells = [cell.strip() for cell in row]
        if len(cells) != 2 or not all(cells) or cells[0] in found or len(found) >= MOST_ROWS:
            raise DeliveryError(fault("calendar.holdings-form"))
        found[cells[0]] = cells[1]
    return sorted(found.items())


def _written(rows: list[tuple[str, str]]) -> bytes:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerows([("contributor", "holding"), *rows])
    return written.getvalue().encode()


def holdings_in_use(house: House, programme: Programme) -> str:
    """The digest of the table that protects a programme's tables today; empty where none does.

    Raises: Refused when a dataset asks for one and the data holder has brought none.
    """
    if not any(each.private_holdings for each in programme.datasets):
        return ""
    digest = house.store.calendar.holdings(programme.id)
    if digest is None:
        raise Refused(fault("calendar.holdings-missing", programme=programme.id))
    return digest


def holdings_file(house: House, programme: str, digest: str) -> Path | None:
    """The table with that digest; None for no table."""
    return _place(house, programme, digest) if digest else None
