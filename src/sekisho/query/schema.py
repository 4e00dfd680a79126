"""The tables that a query may name, and what is reserved in them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sekisho.model.dataset import Column, Dataset, Lookup, Sensitivity
from sekisho.query.expressions import Field, Origin, Type
from sekisho.query.plan import LookupScan, Scan
from sekisho.terms import Method


@dataclass(frozen=True, slots=True)
class Schema:
    """Datasets and look-ups by id, with the columns that nothing may be computed from."""

    datasets: Mapping[str, Dataset]
    lookups: Mapping[str, Lookup]
    units: frozenset[Origin]
    """Contributors and privacy units: counted, joined on, never shown or computed with."""
    reserved: Mapping[Origin, str]
    """Why a column is reserved: a code of a fault."""

    @property
    def names(self) -> list[str]:
        """Every table's name."""
        return sorted({*self.datasets, *self.lookups})


def unit_column(dataset: Dataset) -> str | None:
    """The column that says whose a row is, by the dataset's method."""
    by_method = {
        Method.DISCLOSURE_CONTROL: dataset.contributor or dataset.privacy_unit,
        Method.DIFFERENTIAL_PRIVACY: dataset.privacy_unit,
    }
    return by_method[dataset.method]


def _reserved_in(dataset: Dataset) -> Iterable[tuple[Origin, str]]:
    key = dataset.primary_key if len(dataset.primary_key) == 1 else ()
    for column in dataset.columns:
        if column.sensitivity is Sensitivity.IDENTIFYING or column.name in key:
            yield Origin(dataset.id, column.name), "identifying-column"
    for name in (dataset.contributor, dataset.holding, dataset.privacy_unit):
        if name is not None:
            yield Origin(dataset.id, name), "unit-column"


def schema_of(datasets: Iterable[Dataset], lookups: Iterable[Lookup]) -> Schema:
    """The schema that a programme's tables make."""
    known = {d.id: d for d in datasets}
    reserved = dict(pair for d in known.values() for pair in _reserved_in(d))
    units = frozenset(
        Origin(d.id, name)
        for d in known.values()
        for name in (d.contributor, d.privacy_unit)
        if name is not None
    )
    return Schema(known, {x.id: x for x in lookups}, units, reserved)


def _type(column: Column) -> Type:
    return Type(column.type, column.decimals, not column.required)


def scan_of(dataset: Dataset, alias: str) -> Scan:
    """All rows of a dataset under an alias."""
    fields = tuple(
        Field(f"{alias}.{c.name}", _type(c), frozenset({Origin(dataset.id, c.name)}))
        for c in dataset.columns
    )
    unit = unit_column(dataset)
    return Scan(
        dataset.id,
        fields,
        unit=f"{alias}.{unit}" if unit else None,
        holding=f"{alias}.{dataset.holding}" if dataset.holding else None,
    )


def lookup_scan_of(lookup: Lookup, alias: str) -> LookupScan:
    """All rows of a look-up under an alias."""
    fields = tuple(
        Field(f"{alias}.{c.name}", _type(c), frozenset({Origin(lookup.id, c.name, is_lookup=True)}))
        for c in lookup.columns
    )
    return LookupScan(lookup.id, fields)
