"""Every fault of one SQL text, each with its line and column."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlglot import exp

from sekisho.errors import Fault, Place, QueryError, fault, raise_all
from sekisho.query.names import listed, nearest


@dataclass(frozen=True, slots=True)
class Faults:
    """Collects faults while one SQL text is read."""

    sql: str
    file: str
    found: list[Fault] = field(default_factory=list)

    def at(self, offset: int) -> Place:
        """The place of a character of the SQL."""
        line = self.sql.count("\n", 0, offset) + 1
        column = offset - (self.sql.rfind("\n", 0, offset) + 1) + 1
        return Place(self.file, line, column)

    def place(self, node: exp.Expr | None) -> Place:
        """Where a node begins, or the nearest node around it whose place is known."""
        while node is not None:
            starts = [n.meta["start"] for n in node.walk() if "start" in n.meta]
            if starts:
                return self.at(min(starts))
            node = node.parent
        return Place(self.file)

    def add(self, code: str, node: exp.Expr | None = None, **fields: object) -> None:
        """Note a fault of the area `query` at a node, once."""
        self.note(fault(f"query.{code}", self.place(node), **fields))

    def refuse(self, code: str, place: Place | None, **fields: object) -> None:
        """Note a fault of the area `query` at a place that is known already, once."""
        self.note(fault(f"query.{code}", place, **fields))

    def note(self, one: Fault) -> None:
        """Note a fault, once."""
        if one not in self.found:
            self.found.append(one)

    def unknown(self, what: str, name: str, options: Iterable[str], node: exp.Expr) -> None:
        """Note a name that does not exist, with what was probably meant.

        `what` is the code's first part: `column`, `table`, `function`.
        """
        names = list(options)
        near = nearest(name, names)
        if near is not None:
            self.add(f"unknown-{what}-near", node, name=name, near=near)
        else:
            self.add(f"unknown-{what}", node, name=name, names=listed(names))

    def written(self, node: exp.Expr) -> str:
        """The word with which a node begins in the SQL, in lower case."""
        if "start" in node.meta:
            return self.sql[node.meta["start"] : node.meta["end"] + 1].lower()
        return node.key

    def raise_found(self) -> None:
        """Raise every fault, in the order of their places."""
        ordered = sorted(
            self.found,
            key=lambda f: (f.place.line or 0, f.place.column or 0) if f.place else (0, 0),
        )
        raise_all(QueryError, ordered)
