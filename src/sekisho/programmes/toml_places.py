"""Values and places of a TOML file; the only door to tree-sitter-toml.

Values come from the standard library. A file that is broken somewhere is mended for reading: the
statement at fault is left out and reading starts again, so every fault is reported, not the first
only. Places come from tree-sitter, on the mended text, whose lines are those of the file.
"""

import re
import tomllib
from dataclasses import dataclass, field, replace
from typing import Any

from sekisho.errors import Fault, Place, fault
from sekisho.programmes.declaration import Declaration, KeyPath
from sekisho.programmes.hidden import hidden_faults

_AT = re.compile(r"\(at line (\d+), column (\d+)\)$")
_PAIR = re.compile(r"""\s*[A-Za-z0-9_."'-][^=#,]*=""")
_HEADER = re.compile(r"\s*\[{1,2}\s*[A-Za-z0-9_-][A-Za-z0-9_. -]*\]{1,2}\s*(#|$)")
_STATEMENT = re.compile(r"""\s*\[|""" + _PAIR.pattern)
_BETWEEN = re.compile(r"[^=\[\]{},#]+")
_MOST_FAULTS = 50
_MOST_DOTS = 64
"""In one key: reading a dotted key takes memory with the square of its parts."""


@dataclass
class _Mending:
    """A text whose broken statements are left out one by one."""

    file: str
    lines: list[str]
    faults: list[Fault] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def report(self, code: str, row: int, column: int = 1, **fields: object) -> None:
        self.faults.append(fault(code, Place(self.file, row + 1, column), **fields))

    def leave_out(self, start: int, end: int) -> None:
        """Blank some rows; with the header of a table goes the table."""
        if self.lines[start].startswith("["):
            while end < len(self.lines) and not self.lines[end].startswith("["):
                end += 1
        self.left_out += self.lines[start:end]
        self.lines[start:end] = [""] * (end - start)


def read_toml(file: str, text: str) -> Declaration:
    """Values, places and syntax faults of one file."""
    mending = _Mending(file, text.replace("\r\n", "\n").split("\n"))
    for row, line in enumerate(mending.lines):
        if any(part.count(".") > _MOST_DOTS for part in _BETWEEN.findall(line)):
            mending.report("programme.nested-too-deep", row)
            mending.leave_out(row, row + 1)
    values = _values(mending)
    places = _places("\n".join(mending.lines)) if values else {}
    read = Declaration(file, values, places, (), "\n".join(mending.left_out))
    return replace(read, faults=(*mending.faults, *hidden_faults(read)))


def _values(mending: _Mending) -> dict[str, Any]:
    while len(mending.faults) < _MOST_FAULTS:
        try:
            return tomllib.loads("\n".join(mending.lines))
        except RecursionError:
            mending.report("programme.nested-too-deep", 0)
            mending.leave_out(0, len(mending.lines))
            return {}
        except ValueError as error:
            _mend(mending, str(error))
    mending.report("programme.too-many-faults", 0, most=_MOST_FAULTS)
    mending.leave_out(0, len(mending.lines))
    return {}


def _mend(mending: _Mending, said: str) -> None:
    """Report one syntax fault and leave out the statement that holds it."""
    lines = mending.lines
    found = _AT.search(said)
    if not found:  # the end of the file, or a number beyond reading: what holds it is searched for
        at = _first_broken(lines)
        mending.report("programme.not-closed", at)
        mending.leave_out(at, len(lines))
        return
    row, column = min(int(found[1]), len(lines)) - 1, int(found[2])
    start = row
    while start > 0 and not _STATEMENT.match(lines[start]):
        start -= 1
    indent = len(lines[row]) - len(lines[row].lstrip())
    if start == row > 0 and column <= indent + 1 and _still_open(lines, row):
        start = _statement_before(lines, row)
        mending.report("programme.not-closed", start)
        mending.leave_out(start, row)
        return
    code, fields = _reason(said, lines[row])
    mending.report(code, row, indent + 1 if code == "programme.said-twice" else column, **fields)
    mending.leave_out(start, _end_of_statement(lines, start, row + 1))


def _end_of_statement(lines: list[str], start: int, end: int) -> int:
    """Where what began at a row ends: before the next header or key."""
    if lines[start].lstrip().startswith("["):
        return end
    while end < len(lines) and not (_HEADER.match(lines[end]) or _PAIR.match(lines[end])):
        end += 1
    return end


def _reason(said: str, line: str) -> tuple[str, dict[str, object]]:
    if "Cannot overwrite" in said or "twice" in said or "Cannot mutate" in said:
        return "programme.said-twice", {"key": line.split("=", maxsplit=1)[0].strip(" []")[:60]}
    if "Illegal character" in said or "Unterminated" in said:
        return "programme.quote-not-closed", {}
    if "after key in" in said or "after a key" in said:
        return "programme.no-equals-sign", {}
    if "Invalid value" in said:
        return "programme.not-a-value", {}
    return "programme.not-toml", {}


def _statement_before(lines: list[str], row: int) -> int:
    at = row - 1
    while at > 0 and not _STATEMENT.match(lines[at]):
        at -= 1
    return at


def _still_open(lines: list[str], row: int) -> bool:
    """Whether the statement before a row does not end before it."""
    start = _statement_before(lines, row)
    try:
        tomllib.loads("\n".join(lines[start:row]))
    except (ValueError, RecursionError):
        return True
    return False


def _first_broken(lines: list[str]) -> int:
    """The row of the first statement after which the file no longer reads."""
    starts = [row for row, line in enumerate(lines) if _STATEMENT.match(line)] or [0]
    low, high = 0, len(starts)
    while low < high:
        middle = (low + high) // 2
        try:
            tomllib.loads("\n".join(lines[: starts[middle]]))
        except (ValueError, RecursionError):
            high = middle
        else:
            low = middle + 1
    return starts[max(low - 1, 0)]


def _places(text: str) -> dict[KeyPath, tuple[int, int]]:
    import tree_sitter_toml
    from tree_sitter import Language, Parser

    source = text.encode("utf-8")
    root = Parser(Language(tree_sitter_toml.language())).parse(source).root_node
    found: dict[KeyPath, tuple[int, int]] = {}
    counts: dict[KeyPath, int] = {}
    for node in root.children:
        if node.type == "pair":
            _pair(node, (), found)
        elif node.type in {"table", "table_array_element"}:
            path = _header(node, counts)
            found.setdefault(path, _at(node))
            if node.type == "table_array_element":
                found.setdefault(path[:-1], _at(node))
            for child in node.children:
                if child.type == "pair":
                    _pair(child, path, found)
    rows = text.split("\n")
    return {path: (row + 1, _character(rows, row, byte)) for path, (row, byte) in found.items()}


def _character(rows: list[str], row: int, byte: int) -> int:
    line = rows[row].encode("utf-8") if row < len(rows) else b""
    return len(line[:byte].decode("utf-8", errors="ignore")) + 1


def _at(node: Any) -> tuple[int, int]:
    return node.start_point[0], node.start_point[1]


def _keys(node: Any) -> list[str]:
    """The parts of a bare, quoted or dotted key."""
    parts: list[str] = []
    ahead = [node]
    while ahead:
        each = ahead.pop()
        if each.type == "dotted_key":
            ahead += reversed([c for c in each.children if c.type != "."])
        elif each.type == "quoted_key":
            parts.append(each.text.decode("utf-8", errors="replace")[1:-1])
        else:
            parts.append(each.text.decode("utf-8", errors="replace"))
    return parts


def _header(node: Any, counts: dict[KeyPath, int]) -> KeyPath:
    """The path of a table header, with the index of every array of tables on the way."""
    key = next(
        (c for c in node.children if c.type in {"bare_key", "quoted_key", "dotted_key"}), None
    )
    path: KeyPath = ()
    parts = _keys(key) if key else []
    for position, part in enumerate(parts):
        path = (*path, part)
        last = position == len(parts) - 1
        if last and node.type == "table_array_element":
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _pair(node: Any, under: KeyPath, found: dict[KeyPath, tuple[int, int]]) -> None:
    """Places of a pair and of all that its value holds."""
    ahead: list[tuple[Any, KeyPath]] = [(node, under)]
    while ahead:
        each, path = ahead.pop()
        named = [c for c in each.children if c.is_named and c.type not in {"comment", "ERROR"}]
        if each.type == "pair" and len(named) > 1:
            for part in _keys(named[0]):
                path = (*path, part)
                found.setdefault(path, _at(each))
            ahead.append((named[1], path))
        elif each.type == "inline_table":
            ahead += [(child, path) for child in named]
        elif each.type == "array":
            for index, child in enumerate(named):
                found.setdefault((*path, index), _at(child))
                ahead.append((child, (*path, index)))
