"""The bounding query as one SQL statement of DuckDB.

Every number in it is an integer, so the result does not depend on threads, order or rounding.
"""
# ruff: noqa: S608 - names are made here, values are literals of the declaration, quoted

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from math import prod

from sekisho.query.bound import (
    Amount,
    AmountKind,
    Bound,
    BoundLevel,
    BoundVector,
    Value,
    projection,
)
from sekisho.query.grids import Grid
from sekisho.query.plan import UNIT_FIELD
from sekisho.query.render import Renderer, scaled, text

_LARGEST_BIGINT = 2**62
_LISTED = 2**17
"""Over so many numbers at most, their bins are worked out once and joined."""


def bound_sql(bound: Bound) -> str:
    """The whole statement over the tables that the bound's plan reads; see `render_bound`."""
    return render_bound(bound, Renderer().source(projection(bound)))


def render_bound(bound: Bound, rows_sql: str) -> str:
    """The whole statement over the SQL of `projection(bound)`, numbers in steps of their decimals.

    Shape: the result has columns part, code, v0, v1, …; `parts_of` says what each part is. Code
    is the position of the group (row-major), or a list of texts when groups are not listed.
    """
    steps = rows_of(bound, rows_sql)
    steps += [f"{name} AS ({step})" for name, step in listed_bins(bound)]
    steps.append(f"pairs AS MATERIALIZED ({_pairs(bound)})")
    selects: list[str] = []
    for number, vector in enumerate(bound.vectors):
        for at in range(len(vector.levels)):
            name, is_whole, step = _level(bound, vector, number, at)
            steps.append(f"{name} AS {'NOT ' if is_whole else ''}MATERIALIZED ({step})")
        steps.append(f"units_{number} AS MATERIALIZED ({_weighed(vector, _sizes(vector, number))})")
        selects += _sums(bound, number)
        if vector.edges:
            selects.append(_histogram(bound, vector, number))
    return with_steps(steps, selects)


@dataclass(frozen=True, slots=True)
class Staged:
    """The bounding query up to where sizes are counted; `settled_sql` goes on from there.

    Shape: `prepare` are statements that leave temporary tables; `counts` gives the parts of the
        result that are histograms.
    """

    prepare: tuple[str, ...]
    counts: str


def staged_sql(bound: Bound) -> Staged:
    """The first part over the tables that the bound's plan reads."""
    return render_staged(bound, Renderer().source(projection(bound)))


def render_staged(bound: Bound, rows_sql: str) -> Staged:
    """The first part over the SQL of `projection(bound)`; see `render_bound`."""
    steps = f"WITH src AS ({rows_sql}), coded AS ({_coded(bound)}) "
    prepare = [f"CREATE TEMP TABLE pairs AS {steps}{_pairs(bound)}"]
    prepare += [f"CREATE TEMP TABLE {name} AS {step}" for name, step in listed_bins(bound)]
    counts: list[str] = []
    for number, vector in enumerate(bound.vectors):
        for at in range(len(vector.levels)):
            name, is_whole, step = _level(bound, vector, number, at)
            prepare.append(f"CREATE TEMP {'VIEW' if is_whole else 'TABLE'} {name} AS {step}")
        prepare.append(f"CREATE TEMP TABLE sizes_{number} AS {_sizes(vector, number)}")
        if vector.edges:
            counts.append(_histogram(bound, vector, number, f"sizes_{number}"))
    return Staged(tuple(prepare), "\nUNION ALL\n".join(counts))


def settled_sql(bound: Bound) -> str:
    """The second part, over what the first left, once every weight is settled."""
    steps: list[str] = []
    selects: list[str] = []
    if bound.has_bins:
        steps += rows_of(bound, Renderer().source(projection(bound)))
    for number, vector in enumerate(bound.vectors):
        weighed = _weighed(vector, f"SELECT * FROM sizes_{number}")
        steps.append(f"units_{number} AS MATERIALIZED ({weighed})")
        selects += _sums(bound, number)
    return with_steps(steps, selects)


def rows_of(bound: Bound, rows_sql: str) -> list[str]:
    """The rows with their group's code; read twice where there is a grid, sooner than held."""
    return [
        f"src AS NOT MATERIALIZED ({rows_sql})",
        f"coded AS NOT MATERIALIZED ({_coded(bound)})",
    ]


def with_steps(steps: Sequence[str], selects: Sequence[str]) -> str:
    """Named steps, then selects put under each other."""
    return "WITH " + ",\n".join(steps) + "\n" + "\nUNION ALL\n".join(selects)


def _widest(bound: Bound) -> int:
    return max(len(vector.amounts) for vector in bound.vectors)


def _sums(bound: Bound, number: int) -> list[str]:
    """The weighted sums of a vector, a select a level."""
    vector, widest = bound.vectors[number], _widest(bound)
    if vector.grid is not None:
        return [
            _binned(bound, vector.grid, (number, at), part)
            for at, part in enumerate(_parts(bound, number))
        ]
    return [
        _summed(vector, part, number, _name(number, at), widest)
        for at, part in enumerate(_parts(bound, number))
    ]


def parts_of(bound: Bound) -> tuple[tuple[int, int | None], ...]:
    """What each part number of the result is: (vector, level), level None for a histogram."""
    found: list[tuple[int, int | None]] = []
    for number, vector in enumerate(bound.vectors):
        found += [(number, level) for level in range(len(vector.levels))]
        found += [(number, None)] if vector.edges else []
    return tuple(found)


def _parts(bound: Bound, vector: int) -> list[int]:
    return [
        n for n, part in enumerate(parts_of(bound)) if part[0] == vector and part[1] is not None
    ]


def _literal(value: Value, decimals: int = 0) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | Decimal):
        return str(scaled(value, decimals))
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    return text(value)


def _is_run(values: Sequence[Value]) -> bool:
    """Whether the values are whole numbers or days without a gap, rising."""
    if all(isinstance(v, int) and not isinstance(v, bool) for v in values):
        return all(int(str(b)) - int(str(a)) == 1 for a, b in pairwise(values))
    days = [v for v in values if isinstance(v, date) and not isinstance(v, datetime)]
    return len(days) == len(values) and all((b - a).days == 1 for a, b in pairwise(days))


def _coded(bound: Bound) -> str:
    arguments = [f"a{n}" for n in range(len(bound.arguments))]
    joins, wheres, terms = "", [f'"{UNIT_FIELD}" IS NOT NULL'], []
    for n, group in enumerate(bound.groups):
        if group.values is None:
            wheres.append(f"g{n} IS NOT NULL")
            terms.append(f"CAST(g{n} AS VARCHAR)")
            continue
        stride = prod(len(later.values or ()) for later in bound.groups[n + 1 :])
        decimals = group.expression.type.decimals
        if decimals == 0 and _is_run(group.values):
            first, last = _literal(group.values[0]), _literal(group.values[-1])
            wheres.append(f"g{n} BETWEEN {first} AND {last}")
            terms.append(f"(g{n} - {first})::INTEGER * {stride}")
        else:
            values = [_literal(v, decimals) for v in group.values]
            listed = ", ".join(f"({v}, {at})" for at, v in enumerate(values))
            joins += f" JOIN (VALUES {listed}) AS l{n}(v{n}, c{n}) ON g{n} = v{n}"
            terms.append(f"c{n} * {stride}")
    code = " + ".join(terms) or "0"
    if not bound.lists_groups:
        code = "[" + ", ".join(_found_terms(bound)) + "]"
    columns = ", ".join([f'"{UNIT_FIELD}" AS u', f"{code} AS c", *arguments])
    return f"SELECT {columns} FROM src{joins} WHERE {' AND '.join(wheres)}"


def _found_terms(bound: Bound) -> list[str]:
    return [f"CAST(g{n} AS VARCHAR)" for n in range(len(bound.groups))]


def _all_amounts(bound: Bound) -> list[Amount]:
    found = [a for v in bound.vectors for a in v.amounts if a.kind is not AmountKind.PRESENT]
    return list(dict.fromkeys(found))


def _clamped(inner: str, amount: Amount) -> str:
    most = amount.limit // amount.factor
    scaled = f"LEAST(GREATEST({inner}, -{most}), {most})::BIGINT"
    return scaled if amount.factor == 1 else f"{scaled} * {amount.factor}"


def _gathered(bound: Bound, amount: Amount) -> str:
    """The SQL of one component over a unit's rows in a group."""
    if amount.argument is None:
        return _clamped("count(*)", amount)
    name = value_of(bound, amount)
    if amount.kind is AmountKind.ROWS and not amount.argument.type.nullable:
        return _clamped("count(*)", amount)
    if amount.kind is AmountKind.ROWS:
        return _clamped(f"count({name})", amount)
    if amount.kind is AmountKind.VALUES:
        return _clamped(f"count(DISTINCT {name})", amount)
    row = f"LEAST(GREATEST({name}, {amount.lower}), {amount.upper})::BIGINT"
    return _clamped(f"coalesce(sum(CASE WHEN {name} IS NULL THEN 0 ELSE {row} END), 0)", amount)


def value_of(bound: Bound, amount: Amount) -> str:
    """The column of an amount's argument."""
    return "NULL" if amount.argument is None else f"a{bound.arguments.index(amount.argument)}"


def _pairs(bound: Bound) -> str:
    gathered = [f"{_gathered(bound, a)} AS x{n}" for n, a in enumerate(_all_amounts(bound))]
    inner = f"SELECT {', '.join(['u', 'c', *gathered])} FROM coded GROUP BY u, c"
    if bound.cap is None:
        return inner
    text = "c" if bound.lists_groups else "array_to_string(c, '|')"
    order = f"md5(concat({_literal(bound.seed)}, '|', u, '|', {text})), c"
    kept = f"QUALIFY row_number() OVER (PARTITION BY u ORDER BY {order}) <= {bound.cap}"
    return f"SELECT * FROM ({inner}) {kept}"


def _column(bound: Bound, amount: Amount) -> str:
    return "1" if amount.kind is AmountKind.PRESENT else f"x{_all_amounts(bound).index(amount)}"


def _name(number: int, at: int) -> str:
    return f"level_{number}_{at}"


def _level(bound: Bound, vector: BoundVector, number: int, at: int) -> tuple[str, bool, str]:
    """A vector's integers at a level, columns u, c, y0, y1, …: name, whether `pairs`, SQL."""
    level, name = vector.levels[at], _name(number, at)
    whole = level.groups == tuple(range(len(bound.groups)))
    columns = [_column(bound, a) for a in vector.amounts]
    if whole:
        given = ", ".join(["u", "c", *(f"{c} AS y{n}" for n, c in enumerate(columns))])
        return name, True, f"SELECT {given} FROM pairs"
    sums = [
        "1" if a.kind is AmountKind.PRESENT else _limited(f"sum({c})", a)
        for a, c in zip(vector.amounts, columns, strict=True)
    ]
    given = ", ".join(
        ["u", f"{_code_of(bound, level)} AS c", *(f"{s} AS y{n}" for n, s in enumerate(sums))]
    )
    return name, False, f"SELECT {given} FROM pairs GROUP BY 1, 2"


def _limited(inner: str, amount: Amount) -> str:
    return f"LEAST(GREATEST({inner}, -{amount.limit}), {amount.limit})::BIGINT"


def _code_of(bound: Bound, level: BoundLevel) -> str:
    """The level's code from the code of the finest groups."""
    terms = []
    sizes = [len(group.values or ()) for group in bound.groups]
    for place, n in enumerate(level.groups):
        stride = prod(sizes[n + 1 :])
        inside = prod(sizes[later] for later in level.groups[place + 1 :])
        terms.append(f"(c // {stride}) % {sizes[n]} * {inside}")
    return " + ".join(terms) or "0"


def _sizes(vector: BoundVector, number: int) -> str:
    """One row a unit with its size, where it has one."""
    parts = []
    for at, level in enumerate(vector.levels):
        # each sum is a wide integer of its own: their terms together could leave 64 bits
        terms = " + ".join(f"sum({_squared(vector, n, a)})" for n, a in enumerate(vector.amounts))
        only_present = all(a.kind is AmountKind.PRESENT for a in vector.amounts)
        total = f"count(*) * {len(vector.amounts)}" if only_present else terms
        parts.append(
            f"SELECT u, ({total})::HUGEINT * {level.precision} AS p "
            f"FROM {_name(number, at)} GROUP BY u"
        )
    sizes = parts[0].replace(" AS p ", " AS size ") if len(parts) == 1 else None
    if sizes is None:
        together = " UNION ALL ".join(parts)
        sizes = f"SELECT u, sum(p) AS size FROM ({together}) GROUP BY u"
    return f"SELECT u, size FROM ({sizes}) WHERE size > 0"


def _weighed(vector: BoundVector, sizes: str) -> str:
    """One row a unit: its size and its weight."""
    return (
        f"SELECT u, size, {_weight(vector)} AS w "
        f"FROM (SELECT u, size, {vector.allowance}::HUGEINT // size AS q, "
        f"floor(sqrt((({vector.allowance}::HUGEINT // size))::DOUBLE))::HUGEINT AS r "
        f"FROM ({sizes}))"
    )


def _squared(vector: BoundVector, n: int, amount: Amount) -> str:
    if not vector.squared:
        return f"abs(y{n})"
    wide = "::HUGEINT" if amount.limit > 2**31 else ""
    return f"y{n}{wide} * y{n}"


def _weight(vector: BoundVector) -> str:
    root = "r - (r * r > q)::INTEGER + ((r + 1) * (r + 1) <= q)::INTEGER"
    reduced = root if vector.squared else "q"
    narrow = "INTEGER" if vector.scale < 2**31 else "BIGINT"
    return f"(CASE WHEN size <= {vector.full} THEN {vector.scale} ELSE {reduced} END)::{narrow}"


def _summed(vector: BoundVector, part: int, number: int, name: str, widest: int) -> str:
    weighted = [
        "w" if amount.kind is AmountKind.PRESENT else f"w::BIGINT * y{n}"
        for n, amount in enumerate(vector.amounts)
    ]
    sums = [
        f"LEAST(GREATEST(sum({one}), -{_LARGEST_BIGINT}), {_LARGEST_BIGINT})::BIGINT AS v{n}"
        for n, one in enumerate(weighted)
    ]
    sums += [f"0::BIGINT AS v{n}" for n in range(len(vector.amounts), widest)]
    columns = ", ".join([f"{part} AS part", "c AS code", *sums])
    return f"SELECT {columns} FROM {name} JOIN units_{number} USING (u) GROUP BY c"


def found_bin(bound: Bound, number: int) -> tuple[str, str]:
    """The bin of a row, and what is joined for it."""
    vector = bound.vectors[number]
    grid, name = vector.grid, value_of(bound, vector.amounts[0])
    if grid is None:
        return "0", ""
    if not _is_listed(vector):
        return grid.bin_sql(name), ""
    inside = f"LEAST(GREATEST({name}, {grid.low}), {grid.high})"
    return "bin", f" JOIN bins_{number} ON ({inside} - {grid.low})::INTEGER = n"


def _binned(bound: Bound, grid: Grid, at: tuple[int, int], part: int) -> str:
    """The weighted rows of a vector with a grid by group and bin, as one running number."""
    vector = bound.vectors[at[0]]
    level, name = vector.levels[at[1]], value_of(bound, vector.amounts[0])
    code = "c" if level.groups == tuple(range(len(bound.groups))) else _code_of(bound, level)
    total = f"LEAST(sum(w), {_LARGEST_BIGINT})::BIGINT"
    rest = [f"0::BIGINT AS v{n}" for n in range(1, _widest(bound))]
    joins = f" JOIN units_{at[0]} USING (u)" + " JOIN pairs USING (u, c)" * (bound.cap is not None)
    found, joined = found_bin(bound, at[0])
    joins += joined
    running = f"({code})::INTEGER * {grid.bins} + {found}"
    columns = ", ".join([f"{part} AS part", f"{running} AS code", f"{total} AS v0", *rest])
    return f"SELECT {columns} FROM coded{joins} WHERE {name} IS NOT NULL GROUP BY 2"


def _is_listed(vector: BoundVector) -> bool:
    """Whether the bins of a vector's numbers are worked out once, and joined."""
    return vector.grid is not None and vector.grid.high - vector.grid.low < _LISTED


def listed_bins(bound: Bound) -> list[tuple[str, str]]:
    """Name and SQL of each list of bins: the number above the lowest, and its bin."""
    listed = []
    for number, each in enumerate(bound.vectors):
        if each.grid is not None and _is_listed(each):
            found = each.grid.bin_sql(f"n + {each.grid.low}")
            numbers = f"range({each.grid.high - each.grid.low + 1}) AS r(n)"
            step = f"SELECT n::INTEGER AS n, ({found})::INTEGER AS bin FROM {numbers}"
            listed.append((f"bins_{number}", step))
    return listed


def _histogram(bound: Bound, vector: BoundVector, number: int, units: str = "") -> str:
    part = parts_of(bound).index((number, None))
    bins = " + ".join(f"(size >= {edge})::INTEGER" for edge in vector.edges[1:]) or "0"
    code = f"({bins})" if bound.lists_groups else f"[({bins})::VARCHAR]"
    rest = [f"0::BIGINT AS v{n}" for n in range(1, _widest(bound))]
    columns = ", ".join([f"{part} AS part", f"{code} AS code", "count(*) AS v0", *rest])
    return f"SELECT {columns} FROM {units or f'units_{number}'} GROUP BY 2"
