"""Faults of columns: constraints that cannot hold, and columns that something names but none is."""

from collections.abc import Iterator

from sekisho.errors import Fault, fault
from sekisho.model.dataset import Column, Dataset
from sekisho.model.programme import Programme
from sekisho.programmes.guess import guessed
from sekisho.programmes.lookup_rows import comparable_value
from sekisho.programmes.places import place_in
from sekisho.programmes.timelines import timeline_faults
from sekisho.terms import ColumnType, Method

_ORDERED = frozenset({ColumnType.INTEGER, ColumnType.NUMBER, ColumnType.DATE, ColumnType.DATETIME})


def dataset_faults(programme: Programme) -> Iterator[Fault]:
    """Faults of every dataset's declaration."""
    for dataset in programme.datasets:
        file = f"datasets/{dataset.id}.toml"
        yield from column_faults(programme, file, dataset.columns)
        yield from _named(programme, file, dataset)
        yield from _method(programme, file, dataset)
        if dataset.sample is not None and (
            dataset.sample not in programme.files or not dataset.sample.startswith("sample/")
        ):
            samples = [f for f in programme.files if f.startswith("sample/")]
            place = place_in(programme, file, "sample")
            yield guessed("programme.unknown-sample", place, dataset.sample, samples)


def lookup_faults(programme: Programme) -> Iterator[Fault]:
    """Faults of every look-up's declaration."""
    for lookup in programme.lookups:
        file = f"lookups/{lookup.id}.toml"
        yield from column_faults(programme, file, lookup.columns)
        names = [column.name for column in lookup.columns]
        if lookup.key not in names:
            place = place_in(programme, file, "key")
            yield guessed("programme.unknown-column", place, lookup.key, names)
        yield from timeline_faults(programme, lookup)


def column_faults(programme: Programme, file: str, columns: tuple[Column, ...]) -> Iterator[Fault]:
    """Constraints of columns that cannot hold, and names used twice."""
    seen: set[str] = set()
    for number, column in enumerate(columns):
        if column.name in seen:
            place = place_in(programme, file, "columns", number, "name")
            yield fault("programme.column-twice", place, name=column.name)
        seen.add(column.name)
        for path, code in _column_faults(column):
            place = place_in(programme, file, "columns", number, *path)
            yield fault(code, place, name=column.name, type=column.type.value)


def _column_faults(column: Column) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Place within the column, and code, of each constraint that cannot hold."""
    bounds = [("minimum", column.minimum), ("maximum", column.maximum)]
    read = []
    for name, written in bounds:
        if written is None:
            continue
        read.append(comparable_value(column.type, written))
        if column.type not in _ORDERED:
            yield ("constraints", name), "programme.no-bounds"
        elif read[-1] is None:
            yield ("constraints", name), "programme.not-of-type"
    if len(read) == 2 and column.type in _ORDERED and None not in read and read[0] > read[1]:  # type: ignore[operator]
        yield ("constraints", "minimum"), "programme.minimum-over-maximum"
    for number, value in enumerate(column.enum):
        if comparable_value(column.type, value) is None:
            yield ("constraints", "enum", number), "programme.not-of-type"
    if column.pattern is not None and column.type is not ColumnType.STRING:
        yield ("constraints", "pattern"), "programme.pattern-not-string"
    if column.decimals and column.type is not ColumnType.NUMBER:
        yield ("sekisho", "decimals"), "programme.decimals-not-number"


def _named(programme: Programme, file: str, dataset: Dataset) -> Iterator[Fault]:
    """Columns that the declaration names and does not have."""
    names = [column.name for column in dataset.columns]
    wanted: list[tuple[tuple[str | int, ...], str | None]] = [
        (("sekisho", "contributor"), dataset.contributor),
        (("sekisho", "holding"), dataset.holding),
        (("sekisho", "privacy_unit"), dataset.privacy_unit),
    ]
    wanted += [(("primary_key", n), name) for n, name in enumerate(dataset.primary_key)]
    for path, name in wanted:
        if name is not None and name not in names:
            yield guessed("programme.unknown-column", place_in(programme, file, *path), name, names)


def _method(programme: Programme, file: str, dataset: Dataset) -> Iterator[Fault]:
    """What the method of protection needs to know."""
    place = place_in(programme, file, "sekisho", "method")
    if dataset.method is Method.DISCLOSURE_CONTROL and dataset.contributor is None:
        yield fault("programme.no-contributor", place)
    if dataset.method is Method.DIFFERENTIAL_PRIVACY and dataset.privacy_unit is None:
        yield fault("programme.no-privacy-unit", place)
    if dataset.private_holdings:
        column = dataset.column(dataset.holding or "")
        sound = column is not None and column.type is ColumnType.STRING and not column.required
        if not sound or dataset.method is not Method.DISCLOSURE_CONTROL:
            at = place_in(programme, file, "sekisho", "private_holdings")
            yield fault("calendar.holdings-column", at)
    if dataset.budget is not None and dataset.method is not Method.DIFFERENTIAL_PRIVACY:
        yield fault(
            "programme.budget-without-noise", place_in(programme, file, "sekisho", "budget")
        )
    unit = dataset.column(dataset.contributor or "")
    for number, value in enumerate(dataset.not_contributors):
        at = place_in(programme, file, "sekisho", "not_contributors", number, "value")
        if unit is None:
            yield fault("programme.excluded-without-contributor", at)
        elif unit.enum and value not in unit.enum:
            yield fault("programme.excluded-not-listed", at, name=unit.name)
        if value in dataset.not_contributors[:number]:
            yield fault("programme.listed-twice", at, name="not_contributors")
