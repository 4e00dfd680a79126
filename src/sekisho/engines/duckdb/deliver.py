"""A file that somebody brings: validated whole, then lying aside as Parquet with its hash."""
# ruff: noqa: S608 - names and paths are quoted by `query.render`

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from sekisho.engines.duckdb.checks import checks_of, counting, faults_of, repeating, suspecting
from sekisho.engines.duckdb.parquet_file import is_parquet, read_schema, stored_types, type_faults
from sekisho.engines.duckdb.session import Limits, Session, explained, session
from sekisho.engines.duckdb.text_file import (
    TextFile,
    copy_statement,
    find_faults,
    key_faults,
    open_text,
)
from sekisho.engines.header import column_faults
from sekisho.errors import (
    CancelledError,
    DeliveryError,
    Fault,
    Place,
    StorageError,
    fault,
    raise_all,
)
from sekisho.model.dataset import Dataset
from sekisho.ports import DeliveryFacts, Watch
from sekisho.query.render import identifier, text
from sekisho.terms import ColumnType

CHUNK = 1 << 22


def deliver(
    source: Path, dataset: Dataset, target: Path, watch: Watch, limits: Limits
) -> DeliveryFacts:
    """Validate a CSV or Parquet file and write it to `target` as Parquet.

    Raises: DeliveryError with every fault; StorageError; CancelledError; then `target` is not
    there.
    """
    place = Place(source.name)
    if target.exists():
        raise StorageError(fault("delivery.in-the-way"))
    with _removed_on_failure(target):
        _check_source(source, place)
        if is_parquet(source):
            _deliver_parquet(source, dataset, target, watch, limits)
        else:
            _deliver_text(open_text(source, place), dataset, target, watch, limits)
        rows = pq.read_metadata(target).num_rows
        return DeliveryFacts(_sealed(target, watch), rows, target.stat().st_size)


def _check_source(source: Path, place: Place) -> None:
    try:
        # A pipe or a device would be waited for, or read, for ever.
        if source.is_file():
            with source.open("rb"):
                return
    except (OSError, ValueError):
        pass
    raise DeliveryError(fault("delivery.no-file", place))


@contextmanager
def _removed_on_failure(target: Path) -> Iterator[None]:
    """Leave nothing behind unless the body succeeds; the system's refusals become ours."""
    done = False
    try:
        yield
        done = True
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise StorageError(fault("delivery.storage", reason=reason)) from error
    except duckdb.OutOfMemoryException:
        raise StorageError(fault("query.out-of-memory")) from None
    except duckdb.IOException:
        raise StorageError(fault("delivery.storage-full")) from None
    finally:
        if not done:
            target.unlink(missing_ok=True)


def _sealed(target: Path, watch: Watch) -> str:
    """Make the file durable; its SHA-256."""
    digest = hashlib.sha256()
    total = target.stat().st_size
    with target.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            watch.progress("delivery.phase-sealing", stream.tell(), total)
            _obey(watch)
        os.fsync(stream.fileno())
    return digest.hexdigest()


def _obey(watch: Watch) -> None:
    if watch.cancelled():
        raise CancelledError(fault("query.cancelled"))


def repeats(files: Sequence[Path], dataset: Dataset, watch: Watch, limits: Limits) -> int:
    """How many rows of several deliveries repeat the primary key of another.

    Raises: StorageError; CancelledError.
    """
    if not dataset.primary_key or len(files) < 2:
        return 0
    paths = ", ".join(text(str(file.absolute())) for file in files)
    with explained(), session(limits, watch, files) as opened:
        asked = repeating(dataset, f"read_parquet([{paths}], union_by_name = true)")
        return int(opened.table(asked, "delivery.phase-key").to_pylist()[0]["k"])


def days(file: Path, column: str, watch: Watch, limits: Limits) -> list[date]:
    """The days that stand in a date column of a delivery, in order.

    Raises: StorageError; CancelledError.
    """
    with explained(), session(limits, watch, [file]) as opened:
        name = identifier(column)
        asked = f"SELECT DISTINCT {name} AS d FROM read_parquet([{text(str(file.absolute()))}])"
        found = opened.table(f"{asked} ORDER BY d", "delivery.phase-key").to_pylist()
    return [each["d"] for each in found if each["d"] is not None]


# --------------------------------------------------------------------------------------- parquet


def _deliver_parquet(
    source: Path, dataset: Dataset, target: Path, watch: Watch, limits: Limits
) -> None:
    """Copy the bytes first, then judge the copy, so that nobody can change it in between."""
    place = Place(source.name)
    _copied(source, target, watch)
    schema = read_schema(target, place)
    faults = column_faults(schema.names, dataset, place) + type_faults(schema, dataset, place)
    if len(set(schema.names)) < len(schema.names):
        raise_all(DeliveryError, faults)
    with session(limits, watch, [target]) as opened:
        try:
            faults += _value_faults(dataset, stored_types(schema, dataset), target, opened, place)
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error:
            # INVARIANT: no page of a file is trusted unread; held by test_engines_deliver.
            faults.append(fault("delivery.damaged-parquet", place))
    raise_all(DeliveryError, faults)


def _copied(source: Path, target: Path, watch: Watch) -> None:
    total = source.stat().st_size
    with source.open("rb") as taken, target.open("xb") as put:
        while chunk := taken.read(CHUNK):
            put.write(chunk)
            watch.progress("delivery.phase-copying", put.tell(), total)
            _obey(watch)


def _value_faults(
    dataset: Dataset, stored: dict[str, str], target: Path, opened: Session, place: Place
) -> list[Fault]:
    """The faults of the values of a Parquet file: a quick look first, counts only on suspicion."""
    checks = checks_of(dataset, stored)
    if not checks:
        return []
    names = ", ".join(map(identifier, stored))
    rows = f"(SELECT {names} FROM read_parquet([{text(str(target.absolute()))}]))"
    seen = opened.table(suspecting(checks, rows), "delivery.phase-checking").to_pylist()[0]
    if not seen["n"]:
        return [fault("delivery.no-rows", place, dataset=dataset.id)]
    found: list[Fault] = []
    if any(count for name, count in seen.items() if name.startswith("c")):
        counted = opened.table(counting(checks, rows), "delivery.phase-faults").to_pylist()[0]
        found = faults_of(counted, checks, dataset, place)
    return found + key_faults(dataset, tuple(stored), rows, opened, place)


# ------------------------------------------------------------------------------------------ text


def _deliver_text(
    file: TextFile, dataset: Dataset, target: Path, watch: Watch, limits: Limits
) -> None:
    """Read once into Parquet and check that; only a file with faults is read a second time."""
    faults = column_faults(file.names, dataset, file.place)
    if set(file.names).isdisjoint(each.name for each in dataset.columns):
        # Without a header the first line is somebody's data, and a message would repeat it.
        near = [each for each in faults if each.code == "delivery.column-near"]
        raise DeliveryError(
            *(near or [fault("delivery.no-header", file.place, dataset=dataset.id)])
        )
    with session(limits, watch, [file.path, target], ordered=True) as opened:
        written = not faults and (
            _written(file, dataset, target, opened, wide=False)
            or (_has_integers(dataset) and _written(file, dataset, target, opened, wide=True))
        )
        if not written:
            faults += find_faults(file, dataset, opened)
            raise_all(DeliveryError, faults or [fault("delivery.broken-line", file.place)])
        stored = stored_types(pq.read_schema(target), dataset)
        faults += _value_faults(dataset, stored, target, opened, file.place)
    raise_all(DeliveryError, faults)


def _has_integers(dataset: Dataset) -> bool:
    return any(c.type is ColumnType.INTEGER for c in dataset.columns)


def _written(
    file: TextFile, dataset: Dataset, target: Path, opened: Session, *, wide: bool
) -> bool:
    """Whether the whole file could be written as Parquet with exact values."""
    try:
        opened.run(copy_statement(file, dataset, target, wide=wide), "delivery.phase-reading")
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        return False
    return True
