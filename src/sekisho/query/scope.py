"""Which columns a name may mean, and where an expression stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sqlglot import exp

from sekisho.query.expressions import ColumnRef, Expression, Field, Origin, columns_of
from sekisho.query.faults import Faults
from sekisho.query.plan import Measure


@dataclass(frozen=True, slots=True)
class Visible:
    """One table of a FROM clause: its name there, and its columns as written."""

    alias: str
    columns: Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class Collector:
    """Gathers the aggregate functions of one SELECT, each once."""

    units: frozenset[Origin]
    """Columns that only `count(DISTINCT …)` may take."""
    measures: list[Measure] = field(default_factory=list)

    def reference(self, measure: Measure) -> ColumnRef:
        """A reference to the measure, which is kept under a name of its own."""
        for known in self.measures:
            if replace(known, name=measure.name) == measure:
                return ColumnRef(known.name, known.type, measure.place)
        named = replace(measure, name=f"#{len(self.measures) + 1}")
        self.measures.append(named)
        return ColumnRef(named.name, named.type, measure.place)


@dataclass(frozen=True, slots=True)
class Reader:
    """What an expression may refer to, and who hears of faults."""

    visible: tuple[Visible, ...]
    faults: Faults
    reserved: Mapping[Origin, str]
    """Columns that nothing may be computed from, and why: a code of the fault."""
    aggregates: Collector | None = None
    """Present where aggregate functions may stand."""

    def fields(self) -> dict[str, Field]:
        """Every visible field by its name in the plan."""
        return {f.name: f for table in self.visible for f in table.columns.values()}

    def origins(self, expression: Expression) -> frozenset[Origin]:
        """The declared columns that an expression is computed from."""
        known = self.fields()
        found = (known[c.name].origins for c in columns_of(expression) if c.name in known)
        return frozenset().union(*found)

    def refuse_reserved(self, expression: Expression) -> None:
        """Note a fault at every column that may not be computed with."""
        known = self.fields()
        for column in columns_of(expression):
            for origin in known[column.name].origins if column.name in known else ():
                if origin in self.reserved:
                    self.faults.refuse(self.reserved[origin], column.place, column=origin.column)


def same_name(written: exp.Expr, name: str) -> bool:
    """Whether an identifier names something: quoted exactly, else in any case."""
    if not isinstance(written, exp.Identifier):
        return False
    text = str(written.this)
    return text == name if written.args.get("quoted") else text.lower() == name.lower()


def _tables(column: exp.Column, reader: Reader) -> list[Visible] | None:
    if column.args.get("db") or column.args.get("catalog"):
        reader.faults.add("qualified-name", column)
        return None
    table = column.args.get("table")
    if table is None:
        return list(reader.visible)
    found = [t for t in reader.visible if same_name(table, t.alias)]
    if not found:
        options = [t.alias for t in reader.visible]
        reader.faults.unknown("table", str(table.this), options, table)
        return None
    return found


def resolve(column: exp.Column, reader: Reader) -> ColumnRef | None:
    """The field that a written column means; a fault when there is none or more than one."""
    tables = _tables(column, reader)
    if tables is None:
        return None
    if isinstance(column.this, exp.Star):
        reader.faults.add("star", column)
        return None
    matches = [
        (t, name, f)
        for t in tables
        for name, f in t.columns.items()
        if same_name(column.this, name)
    ]
    exact = [m for m in matches if m[1] == column.name]
    matches = exact if len(exact) == 1 and len({m[0].alias for m in matches}) == 1 else matches
    if not matches:
        options = [name for t in tables for name in t.columns if "#" not in name]
        reader.faults.unknown("column", column.name, options, column)
        return None
    if len(matches) > 1:
        tables_named = ", ".join(f"`{t.alias}`" for t, _, _ in matches)
        reader.faults.add("ambiguous-column", column, name=column.name, tables=tables_named)
        return None
    of = matches[0][2]
    return ColumnRef(of.name, of.type, reader.faults.place(column))
