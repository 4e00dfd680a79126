"""Datasets whose rows are made from records: what may become a column, and what never does."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from sekisho.errors import Fault, fault
from sekisho.model.dataset import Column, Dataset
from sekisho.model.history import LEAST_STEP, HistoryMapping, LeftOut, Take, Taken
from sekisho.model.programme import Programme
from sekisho.programmes.check_parts import PSEUDONYM
from sekisho.programmes.guess import guessed
from sekisho.programmes.places import place_in
from sekisho.terms import ColumnType, Method

Fits = Callable[[str, str, str], bool]
"""(record format, what is taken, path) -> whether that may become a column."""

FORMAT = "fhir-r4"
PERSON = "Patient"
_NEEDS_PATH = frozenset({Take.CODE, Take.AGE, Take.YEAR})
_TYPES = {
    Take.PERSON: ColumnType.STRING,
    Take.RECORD: ColumnType.STRING,
    Take.CODE: ColumnType.STRING,
    Take.AGE: ColumnType.INTEGER,
    Take.YEAR: ColumnType.INTEGER,
}
_PATH = re.compile(r"[A-Z][A-Za-z]{1,63}(\.[a-z][A-Za-z0-9]{0,63}(\[x\])?){1,8}")


def mapping_of(value: dict[str, Any]) -> HistoryMapping:
    """How records become the rows of a dataset."""
    return HistoryMapping(
        format=FORMAT,
        resource=value["resource"],
        columns=tuple(
            Taken(
                column=each["column"],
                take=Take(each["take"]),
                path=each.get("path", ""),
                system=each.get("system", ""),
                other=each.get("other", ""),
                step=each.get("step", LEAST_STEP),
            )
            for each in value["columns"]
        ),
        leave_out=tuple(
            LeftOut(each["path"], tuple(each["codes"])) for each in value.get("leave_out", ())
        ),
    )


def history_faults(programme: Programme) -> Iterator[Fault]:
    """Mappings that leave a column empty, or under which nobody would be protected."""
    for dataset in programme.datasets:
        if dataset.histories is not None:
            yield from _mapping_faults(programme, dataset, dataset.histories)
    made = {each.id for each in programme.datasets if each.histories is not None}
    for form in programme.forms:
        if form.dataset in made:
            yield fault("histories.form", place_in(programme, f"forms/{form.id}.toml", "dataset"))


def path_fit_faults(programme: Programme, fits: Fits) -> Iterator[Fault]:
    """Paths to what people wrote, to who they are, or to nothing at all."""
    for dataset in programme.datasets:
        mapping = dataset.histories
        for number, (take, path) in enumerate(mapping.paths if mapping else ()):
            if mapping and not fits(mapping.format, take, path):
                keys = _place_of(mapping, number)
                place = place_in(programme, _file(dataset), "sekisho", "fhir", *keys)
                yield fault("histories.unfit-path", place, path=path, take=take.value)


def _place_of(mapping: HistoryMapping, number: int) -> tuple[str | int, ...]:
    named = [at for at, each in enumerate(mapping.columns) if each.path]
    if number < len(named):
        return ("columns", named[number], "path")
    return ("leave_out", number - len(named), "path")


def _file(dataset: Dataset) -> str:
    return f"datasets/{dataset.id}.toml"


def _mapping_faults(
    programme: Programme, dataset: Dataset, mapping: HistoryMapping
) -> Iterator[Fault]:
    at = place_in(programme, _file(dataset), "sekisho", "fhir")
    if dataset.method is not Method.DIFFERENTIAL_PRIVACY:
        yield fault("histories.method", at)
    if dataset.parts is not None:
        yield fault("histories.parts", at)
    taken = [each.column for each in mapping.columns]
    for column in dataset.columns:
        if taken.count(column.name) != 1:
            yield fault("histories.not-once", at, column=column.name)
    persons = [each.column for each in mapping.columns if each.take is Take.PERSON]
    if persons != [dataset.privacy_unit]:
        yield fault("histories.no-person-column", at, column=dataset.privacy_unit or "")
    yield from _columns_faults(programme, dataset, mapping)
    for number, out in enumerate(mapping.leave_out):
        place = place_in(programme, _file(dataset), "sekisho", "fhir", "leave_out", number)
        if not _stands_in(mapping, out.path):
            yield fault("histories.other-resource", place, path=out.path)


def _columns_faults(
    programme: Programme, dataset: Dataset, mapping: HistoryMapping
) -> Iterator[Fault]:
    names = [column.name for column in dataset.columns]
    for number, each in enumerate(mapping.columns):
        place = place_in(programme, _file(dataset), "sekisho", "fhir", "columns", number)
        found = dataset.column(each.column)
        if found is None:
            yield guessed("programme.unknown-column", place, each.column, names)
        else:
            for code, fields in _column_faults(each, found):
                yield fault(code, place, column=each.column, **fields)
        if each.path and not _stands_in(mapping, each.path):
            yield fault("histories.other-resource", place, path=each.path)


def _stands_in(mapping: HistoryMapping, path: str) -> bool:
    """Whether a path stands in the resource that is a row, or in the person it is about."""
    return bool(_PATH.fullmatch(path)) and path.partition(".")[0] in (
        mapping.resource,
        PERSON,
    )


def _column_faults(taken: Taken, column: Column) -> Iterator[tuple[str, dict[str, str]]]:
    if (taken.take in _NEEDS_PATH) != bool(taken.path):
        yield "histories.path", {"take": taken.take.value}
    if column.type is not _TYPES[taken.take]:
        yield "histories.type", {"take": taken.take.value, "type": _TYPES[taken.take].value}
    if taken.take in (Take.PERSON, Take.RECORD) and column.pattern != PSEUDONYM:
        yield "histories.pattern", {"pattern": PSEUDONYM}
    if taken.take is Take.CODE and taken.other not in column.enum:
        yield "histories.other", {}
