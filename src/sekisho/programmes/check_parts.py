"""Faults of datasets that several holders bring parts of."""

import re
from collections.abc import Iterator

from sekisho.errors import Fault, fault
from sekisho.model.dataset import Dataset, PartsDeclaration
from sekisho.model.programme import Programme
from sekisho.programmes.places import place_in
from sekisho.terms import ColumnType, Method

PSEUDONYM = "[0-9a-f]{32}"
"""The form of a pseudonym, which the unit's column must hold to."""

_KEY_CHECK = re.compile(PSEUDONYM)


def parts_faults(programme: Programme) -> Iterator[Fault]:
    """Parts that would not be recognised as one person's, or that nothing protects."""
    for dataset in programme.datasets:
        if dataset.parts is not None:
            yield from _parts(programme, dataset, dataset.parts)


def _parts(programme: Programme, dataset: Dataset, parts: PartsDeclaration) -> Iterator[Fault]:
    file = f"datasets/{dataset.id}.toml"
    at = place_in(programme, file, "sekisho", "parts")
    if dataset.method is not Method.DIFFERENTIAL_PRIVACY:
        yield fault("parts.method", at)
    if dataset.holder is not None:
        yield fault("parts.two-declarations", place_in(programme, file, "sekisho", "holder"))
    if len(set(parts.holders)) != len(parts.holders):
        yield fault("parts.holder-twice", at)
    if not 2 <= parts.least <= len(parts.holders):
        yield fault("parts.least", at, count=len(parts.holders))
    if not _KEY_CHECK.fullmatch(parts.key_check):
        yield fault("parts.key-check-form", at)
    unit = dataset.column(dataset.privacy_unit or "")
    if unit is not None and (unit.type is not ColumnType.STRING or unit.pattern != PSEUDONYM):
        yield fault("parts.no-pseudonyms", at, column=unit.name, pattern=PSEUDONYM)
    days = dataset.column(parts.days) if parts.days else None
    if parts.days and (days is None or days.type is not ColumnType.DATE or not days.required):
        yield fault("parts.days-column", at, column=parts.days)
