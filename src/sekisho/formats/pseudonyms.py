"""Keyed pseudonyms: how holders who share a key recognise one person, and nobody else does.

    pseudonym = hex(HMAC-SHA-256(key, "sekisho/pseudonym/v1\n" || NFC(value)))[:32]
    key check = hex(HMAC-SHA-256(key, "sekisho/pseudonym/v1/check"))[:32]

The holders agree the key among themselves; the node never sees it, nor any identifier. The check
tells two keys apart and nothing about either: it is a value of a pseudo-random function.
"""

import csv
import hmac
import os
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from sekisho.errors import DeliveryError, StorageError, UsageError, fault
from sekisho.ports import Watch

LENGTH = 32
"""Hexadecimal digits of a pseudonym: 128 bits, so that no two of 10^12 people share one."""

_PERSON = b"sekisho/pseudonym/v1\n"
_CHECK = b"sekisho/pseudonym/v1/check"
KEY_BYTES = 32


def write_new_key(file: Path) -> bytes:
    """Make a key for holders to agree on, in a file that its owner alone may read.

    Raises: StorageError when something lies there.
    """
    key = secrets.token_bytes(KEY_BYTES)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        raise StorageError(fault("parts.key-exists")) from None
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(f"{key.hex()}\n")
    return key


def read_key(file: Path) -> bytes:
    """The key in a file that its owner alone may read.

    Raises: StorageError when it cannot be read or others may read it; UsageError when it is none.
    """
    try:
        if file.stat().st_mode & 0o077:
            raise StorageError(fault("parts.key-readable"))
        key = bytes.fromhex(file.read_text(encoding="ascii").strip())
    except OSError:
        raise StorageError(fault("parts.key-missing")) from None
    except ValueError:
        raise UsageError(fault("parts.key-form")) from None
    if len(key) != KEY_BYTES:
        raise UsageError(fault("parts.key-form"))
    return key


def pseudonym(key: bytes, value: str) -> str:
    """The pseudonym of an identifier: the same for every holder who writes it the same way."""
    text = unicodedata.normalize("NFC", value).encode()
    return hmac.digest(key, _PERSON + text, sha256).hex()[:LENGTH]


def key_check(key: bytes) -> str:
    """What a key gives away of itself, so that two holders see whether theirs is the same."""
    return hmac.digest(key, _CHECK, sha256).hex()[:LENGTH]


@dataclass(frozen=True, slots=True)
class Pseudonymised:
    """What became of a file."""

    rows: int
    people: int
    key_check: str


def apply(key: bytes, source: Path, column: str, target: Path, watch: Watch) -> Pseudonymised:
    """Write a CSV or Parquet file again with one column's identifiers as pseudonyms.

    Rows stay in order and other columns as they are. Memory grows with the number of people.

    Raises: DeliveryError when the column is not there, or a value is empty or padded; then
    nothing is left at `target`. StorageError when a file cannot be read or written.
    """
    people: dict[str, str] = {}
    padded = 0

    def known(value: str | None) -> str:
        nonlocal padded
        text = value or ""
        if not text or text != text.strip():
            padded += 1
        if text not in people:
            people[text] = pseudonym(key, text)
        return people[text]

    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        write = _parquet if _is_parquet(source) else _csv
        rows = write(source, column, part, (known, watch))
        if padded:
            raise DeliveryError(fault("parts.values-form", count=padded))
        part.replace(target)
    except OSError:
        raise StorageError(fault("parts.file", file=source.name)) from None
    finally:
        part.unlink(missing_ok=True)
    return Pseudonymised(rows, len(people), key_check(key))


_Naming = tuple[Callable[[str | None], str], Watch]


def _is_parquet(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(4) == b"PAR1"


def _place_of(column: str, names: list[str]) -> int:
    if names.count(column) != 1:
        known = ", ".join(f"`{each}`" for each in names)
        raise DeliveryError(fault("parts.column", column=column, known=known))
    return names.index(column)


def _csv(source: Path, column: str, target: Path, naming: _Naming) -> int:
    known, watch = naming
    rows = 0
    try:
        with (
            source.open(encoding="utf-8-sig", newline="") as read,
            target.open("x", encoding="utf-8", newline="") as written,
        ):
            taken, put = csv.reader(read, strict=True), csv.writer(written, lineterminator="\n")
            head = next(taken, [])
            at = _place_of(column, head)
            put.writerow(head)
            for rows, row in enumerate(taken, 1):
                row[at] = known(row[at] if at < len(row) else None)
                put.writerow(row)
                if rows % 65_536 == 0:
                    watch.progress("parts.phase", rows, 0)
    except (csv.Error, UnicodeDecodeError, IndexError):
        raise DeliveryError(fault("parts.file", file=source.name)) from None
    return rows


def _parquet(source: Path, column: str, target: Path, naming: _Naming) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    known, watch = naming
    try:
        opened = pq.ParquetFile(source)
        schema = opened.schema_arrow
        at = _place_of(column, list(schema.names))
        schema = schema.set(at, pa.field(column, pa.string(), nullable=False))
        done, total = 0, opened.metadata.num_rows
        with pq.ParquetWriter(target, schema, compression="zstd") as writer:
            for batch in opened.iter_batches():
                held = batch.column(at).cast(pa.string()).dictionary_encode()
                if held.null_count:
                    known(None)
                names = pa.array([known(each) for each in held.dictionary.to_pylist()], pa.string())
                named = pa.DictionaryArray.from_arrays(held.indices, names).cast(pa.string())
                columns = [*batch.columns[:at], named, *batch.columns[at + 1 :]]
                writer.write_batch(pa.record_batch(columns, schema=schema))
                done += batch.num_rows
                watch.progress("parts.phase", done, total)
    except pa.ArrowException:
        raise DeliveryError(fault("parts.file", file=source.name)) from None
    return int(total)
