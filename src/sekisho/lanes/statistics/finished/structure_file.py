"""The structure of finished tables as a small TOML: offered for correction, read back as the truth.

What the audit found out from labels and figures is written down; the holder corrects it and hands
it in again. A table and axis named in the file are taken exactly as they stand there.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sekisho.errors import Fault, UsageError, fault, raise_all
from sekisho.lanes.statistics.finished.findings import AuditFindings
from sekisho.lanes.statistics.finished.look import Declared
from sekisho.lanes.statistics.finished.readings import Marks, Style, folded

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Structure:
    """What a structure file says."""

    declared: Declared = field(default_factory=Declared)
    marks: Marks = field(default_factory=Marks)
    styles: Mapping[str, Style] = field(default_factory=dict)
    """How numbers are written, by table."""
    labels: Mapping[str, int] = field(default_factory=dict)
    """How many leading columns are labels, by table."""


def offered(findings: AuditFindings, styles: Mapping[str, Style]) -> str:
    """The structure as understood, as TOML to correct.

    Every sum stands with its parts; an axis without sums has none.
    """
    lines = ["schema = 1", ""]
    for table in findings.tables:
        lines += ["[[table]]", f"source = {_quoted(table.source)}"]
        if table.source in styles:
            lines.append(f"decimal_sign = {_quoted(styles[table.source].value)}")
        for axis, _ in table.axes:
            lines += ["", "[[table.axis]]", f"name = {_quoted(axis)}"]
            sums = [each for each in table.sums if each[0] == axis]
            if not sums:
                lines.append("sums = []")
            for _, total, parts, reason in sums:
                lines += ["", "[[table.axis.sums]]", f"total = {_quoted(total)}"]
                lines.append(f"parts = [{', '.join(_quoted(part) for part in parts)}]")
                lines.append(f"found_by = {_quoted(reason)}")
        lines.append("")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def read_structure(text: str, name: str) -> Structure:
    """What a structure file says.

    Raises: UsageError with every fault.
    """
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(fault("finished.structure-toml", file=name, why=str(error))) from None
    reader = _Reader(name, [])
    found = reader.structure(given)
    raise_all(UsageError, reader.faults)
    return found


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads a structure and keeps every fault."""

    file: str
    faults: list[Fault]

    def structure(self, given: Mapping[str, object]) -> Structure:
        self.known(given, {"schema", "table", "same", "apart", "marks"}, "")
        if given.get("schema") != SCHEMA:
            self.faults.append(fault("finished.structure-schema", file=self.file))
        sums: dict[tuple[str, str], tuple[tuple[str, tuple[str, ...]], ...]] = {}
        styles: dict[str, Style] = {}
        labels: dict[str, int] = {}
        for table in self.tables(given, "table"):
            self.known(table, {"source", "decimal_sign", "label_columns", "axis"}, "table")
            source = self.text(table, "source", "table")
            sign = table.get("decimal_sign")
            if sign is not None and sign not in set(Style):
                self.wrong("table.decimal_sign")
            elif sign is not None:
                styles[source] = Style(str(sign))
            count = table.get("label_columns")
            if isinstance(count, int) and count > 0:
                labels[source] = count
            elif count is not None:
                self.wrong("table.label_columns")
            for axis in self.tables(table, "axis"):
                self.known(axis, {"name", "sums"}, "table.axis")
                sums[source, self.text(axis, "name", "table.axis")] = tuple(self.sums(axis))
        same, apart = self.pairs(given, "same"), self.pairs(given, "apart")
        return Structure(Declared(sums, same, apart), self.marks(given), styles, labels)

    def sums(self, axis: Mapping[str, object]) -> Iterator[tuple[str, tuple[str, ...]]]:
        for each in self.tables(axis, "sums"):
            self.known(each, {"total", "parts", "found_by"}, "table.axis.sums")
            parts = self.texts(each, "parts", "table.axis.sums")
            if len(parts) < 2 or len(set(parts)) != len(parts):
                self.wrong("table.axis.sums.parts")
            yield self.text(each, "total", "table.axis.sums"), parts

    def pairs(self, given: Mapping[str, object], key: str) -> frozenset[tuple[str, str]]:
        found = set()
        for each in self.tables(given, key):
            self.known(each, {"first", "second"}, key)
            found.add((self.text(each, "first", key), self.text(each, "second", key)))
        return frozenset(found)

    def marks(self, given: Mapping[str, object]) -> Marks:
        said = given.get("marks", {})
        plain = Marks()
        if not isinstance(said, dict):
            self.wrong("marks")
            return plain
        self.known(said, {"hidden", "zero"}, "marks")
        hidden = {folded(text).lower() for text in self.texts(said, "hidden", "marks")}
        zero = {folded(text).lower() for text in self.texts(said, "zero", "marks")}
        if hidden & zero:
            self.wrong("marks.zero")
        return Marks((plain.hidden | hidden) - zero, (plain.nil | zero) - hidden)

    def tables(self, given: Mapping[str, object], key: str) -> Sequence[Mapping[str, object]]:
        value = given.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self.wrong(key)
            return []
        return value

    def text(self, given: Mapping[str, object], key: str, where: str) -> str:
        value = given.get(key)
        if not isinstance(value, str) or (not value and key == "source"):
            self.wrong(f"{where}.{key}")
            return ""
        return value

    def texts(self, given: Mapping[str, object], key: str, where: str) -> tuple[str, ...]:
        value = given.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self.wrong(f"{where}.{key}")
            return ()
        return tuple(value)

    def known(self, given: Mapping[str, object], keys: set[str], where: str) -> None:
        for key in sorted(set(given) - keys):
            place = f"{where}.{key}" if where else key
            self.faults.append(fault("finished.structure-key", file=self.file, key=place))

    def wrong(self, key: str) -> None:
        self.faults.append(fault("finished.structure-value", file=self.file, key=key))
