"""Bundles of records that are brought for statistics, less those who have objected.

The data holder keeps the list of who objects, and says it with every file; a file without a list
is refused. The node keeps neither the list nor how many it left out: the entry of the delivery
holds a commitment to the list, so that the holder can show later which one it was.
"""

import csv
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from sekisho.errors import DeliveryError, Place, UsageError, fault, raise_all
from sekisho.gate.history_rows import Asked, Row, Wrong, rows
from sekisho.gate.house import House
from sekisho.model.dataset import Dataset
from sekisho.ports import Watch

MOST_BYTES = 64 << 20
_NAME = re.compile(
    r"(?:[A-Za-z0-9\-.]{1,64}|Patient/[A-Za-z0-9\-.]{1,64}|urn:(?:uuid|oid):[0-9A-Fa-f.\-]{1,128}"
    r"|https?://[!-~]{1,500})"
)
_KEY = b"sekisho/history/key/v1"


@dataclass(frozen=True, slots=True)
class HistoryFile:
    """A file of records, and the list of those who object to statistics."""

    source: Path
    opt_outs: Path


def rows_of(
    house: House, dataset: Dataset, source: "Path | HistoryFile", own: Path, watch: Watch
) -> tuple[Path, bytes | None]:
    """What a dataset takes of what is brought: a file of rows, and the digest of the list.

    Rows that are brought as rows pass as they are, without a list.

    Raises: UsageError where a list is missing, or nothing would read it; DeliveryError with every
    fault of the records or the list.
    """
    mapping = dataset.histories
    if not isinstance(source, HistoryFile):
        if mapping is not None:
            raise UsageError(fault("histories.list-needed", dataset=dataset.id))
        return source, None
    if mapping is None:
        raise UsageError(fault("histories.list-unused", dataset=dataset.id))
    opted_out, digest = _listed(source.opt_outs)
    reader = next(each for each in house.record_formats() if each.name == mapping.format)
    resources = reader.read(source.source, watch)
    key = hmac.digest(house.secret, _KEY, sha256)
    name = source.source.name
    asked = Asked(name, dataset, mapping, reader.semantics, key, opted_out)
    wrong = Wrong(name)
    target = own / f"{source.source.stem}.rows.csv"
    _write(target, dataset, rows(asked, resources, wrong))
    raise_all(DeliveryError, wrong.all())
    return target, digest


def _listed(file: Path) -> tuple[frozenset[str], bytes]:
    """Who objects, one a line as the records name them; the digest of the list."""
    place = Place(file.name)
    try:
        if file.stat().st_size > MOST_BYTES:
            raise DeliveryError(fault("histories.list-form", place))
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise DeliveryError(fault("histories.list-unread", place)) from None
    names: set[str] = set()
    faults = []
    for number, line in enumerate(lines, 1):
        name = line.strip()
        if name and not _NAME.fullmatch(name):
            faults.append(fault("histories.list-form", Place(file.name, number)))
        elif name:
            names.add(name)
    raise_all(DeliveryError, faults)
    return frozenset(names), sha256("\n".join(sorted(names)).encode()).digest()


def _write(target: Path, dataset: Dataset, found: Iterator[Row]) -> None:
    with target.open("x", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerow([each.name for each in dataset.columns])
        writer.writerows(found)
