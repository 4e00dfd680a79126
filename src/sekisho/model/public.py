"""A table that somebody published: numbers that are out already, with nobody to protect."""

from dataclasses import dataclass

from sekisho.model.dataset import Column
from sekisho.model.indicator import Indicator
from sekisho.model.text import Text
from sekisho.terms import Language


@dataclass(frozen=True, slots=True)
class Correction:
    """What is said somewhere and is wrong, and what was published instead."""

    said: Text
    published: Text
    source: str


@dataclass(frozen=True, slots=True)
class PublicTable:
    """A public dataset: its declaration; its rows lie in the CSV beside it."""

    id: str
    title: Text
    description: Text
    licence: str
    source: str
    """Who published it, where."""
    dated: str
    """Of which day or edition the numbers are."""
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    file: str
    """Path inside the programme folder; CSV in UTF-8 with a header."""
    units: tuple[tuple[str, Text], ...] = ()
    """(column, unit) for columns that have one."""
    corrections: tuple[Correction, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    labels: tuple[tuple[str, str, Text], ...] = ()
    """(column, value, label): what people read for a value."""

    def column(self, name: str) -> Column | None:
        """The column of that name, if there is one."""
        return next((each for each in self.columns if each.name == name), None)

    def unit(self, name: str) -> Text | None:
        """The unit of a column, if it has one."""
        return next((unit for column, unit in self.units if column == name), None)

    def indicator(self, name: str) -> Indicator | None:
        """The indicator of that id, if there is one."""
        return next((each for each in self.indicators if each.id == name), None)

    def label(self, column: str, value: str, language: Language) -> str:
        """What people read for a value of a column."""
        for labelled, of, text in self.labels:
            if labelled == column and of == value:
                return text.said(language)
        return value
