"""The rows of one quantile as numbers, as SQL of DuckDB: the unit, and its group with its bin."""
# ruff: noqa: S608 - names are made here, values are literals of the declaration, quoted

from sekisho.query.bound import Bound, projection
from sekisho.query.bound_render import found_bin, listed_bins, rows_of, value_of, with_steps
from sekisho.query.grids import Grid
from sekisho.query.render import Renderer


def bits_of_bin(grid: Grid) -> int:
    """The bits that hold a bin of a grid."""
    return (grid.bins - 1).bit_length()


def keys_sql(bound: Bound, most: int) -> str:
    """The rows of a bound with one vector and a grid, over the tables that its plan reads.

    Shape: the result has columns u and k, the group's code with the bin in the lowest bits; in any
    order, at most `most` + 1 rows.
    """
    return render_keys(bound, most, Renderer().source(projection(bound)))


def render_keys(bound: Bound, most: int, rows_sql: str) -> str:
    """The same over the SQL of `projection(bound)`."""
    steps = rows_of(bound, rows_sql)
    steps += [f"{name} AS ({step})" for name, step in listed_bins(bound)]
    grid, name = bound.vectors[0].grid, value_of(bound, bound.vectors[0].amounts[0])
    found, joined = found_bin(bound, 0)
    shift = bits_of_bin(grid) if grid else 0
    key = f"((c::BIGINT << {shift}) | ({found})::BIGINT)::INTEGER"
    select = f"SELECT u, {key} AS k FROM coded{joined} WHERE {name} IS NOT NULL LIMIT {most + 1}"
    return with_steps(steps, [select])
