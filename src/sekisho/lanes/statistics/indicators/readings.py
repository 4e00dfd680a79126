"""The numbers that an indicator is made from, taken from a released or a public table."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from sekisho.model.indicator import Indicator, Policy, Reading
from sekisho.model.table import Row, Suppressed, Table

Chosen = Sequence[Mapping[str, str]]


def readings_of_table(table: Table, indicator: Indicator) -> tuple[Reading, ...]:
    """The cells of a released table that an indicator speaks of; other columns are at total."""
    columns = table.group_columns
    wider = _wider(table, indicator)
    wanted = dict(indicator.where)
    found = []
    for row in table:
        groups = dict(zip(columns, row.groups, strict=True))
        if _is_meant(groups, indicator, wanted, wider):
            group = groups[indicator.by] if indicator.by else ""
            found.append(_of_row(row, str(groups[indicator.time]), str(group)))
    return _of_groups(indicator, found)


def _wider(table: Table, indicator: Indicator) -> frozenset[str]:
    """Columns that hold the wider levels of those that the indicator names."""
    named = {indicator.time, *([indicator.by] if indicator.by else []), *dict(indicator.where)}
    found: set[str] = set()
    for dimension in table.dimensions:
        deepest = max((n for n, c in enumerate(dimension.columns) if c in named), default=0)
        found |= set(dimension.columns[:deepest]) - named
    return frozenset(found)


def _is_meant(
    groups: Mapping[str, str | None],
    indicator: Indicator,
    wanted: Mapping[str, str],
    wider: frozenset[str],
) -> bool:
    for column, value in groups.items():
        if column in wanted:
            if value != wanted[column]:
                return False
        elif column in {indicator.time, indicator.by}:
            if value is None:
                return False
        elif column not in wider and value is not None:
            return False
    return True


def _of_row(row: Row, at: str, group: str) -> Reading:
    if isinstance(row.cell, Suppressed):
        return Reading(at, group, None)
    error = row.uncertainty.standard_error if row.uncertainty else Decimal(0)
    return Reading(at, group, Decimal(row.cell), error)


def readings_of_rows(rows: Chosen, indicator: Indicator) -> tuple[Reading, ...]:
    """The rows of a public table that an indicator speaks of; an empty number was not published."""
    found = []
    for row in rows:
        if all(row[column] == value for column, value in indicator.where):
            written = row[indicator.value]
            error = row[indicator.standard_error] if indicator.standard_error else ""
            value = Decimal(written) if written else None
            group = row[indicator.by] if indicator.by else ""
            found.append(Reading(row[indicator.time], group, value, Decimal(error or 0)))
    return _of_groups(indicator, found)


def _of_groups(indicator: Indicator, found: list[Reading]) -> tuple[Reading, ...]:
    """Only the groups that a policy names; of any other indicator all."""
    how = indicator.how
    if not isinstance(how, Policy) or not indicator.by:
        return tuple(found)
    named = {group for group, _ in how.dates} | set(how.comparison)
    return tuple(each for each in found if each.group in named)
