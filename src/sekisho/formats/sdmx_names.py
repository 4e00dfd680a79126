"""What SDMX calls the parts of a table: identifiers, codes, versions; no library in it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sekisho.formats.cells import labellers
from sekisho.model.table import Table
from sekisho.terms import Language

TOTAL = "_T"
"""The code that SDMX gives a total."""
MEASURE = "OBS_VALUE"
OBS_STATUS = "OBS_STATUS"
CONF_STATUS = "CONF_STATUS"
UNIT = "UNIT_MEASURE"
UNIT_CODE = "U"
ESTIMATES = ("STANDARD_ERROR", "INTERVAL_LOW", "INTERVAL_HIGH")
NORMAL, ESTIMATED, MISSING = "A", "E", "Q"
"""Of the cross-domain list of observation statuses; Q is a value that is suppressed."""
FREE, CONFIDENTIAL = "F", "C"
"""Of the cross-domain list of confidentiality statuses.

The list has codes for primary and for secondary confidentiality, too. None of them is ever used:
which one a cell has would tell what the single mark keeps back.
"""
_RESERVED = {MEASURE, OBS_STATUS, CONF_STATUS, UNIT, *ESTIMATES, "TIME_PERIOD"}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_CODE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_@-]*")
_KEPT = re.compile(r"[A-Za-z0-9_]")


@dataclass(frozen=True, slots=True)
class Names:
    """The identifiers of one release's artefacts."""

    agency: str
    agency_name: str
    table: str
    """Behind `DSD_`, `DF_` and the like."""
    version: str
    dimensions: tuple[str, ...]
    """One a group column."""
    release: str
    made: str

    @property
    def structure(self) -> str:
        """Id of the data structure definition."""
        return f"DSD_{self.table}"

    @property
    def dataflow(self) -> str:
        """Id of the dataflow."""
        return f"DF_{self.table}"

    @property
    def structure_short(self) -> str:
        """`AGENCY:ID(VERSION)` of the data structure definition."""
        return f"{self.agency}:{self.structure}({self.version})"

    @property
    def structure_urn(self) -> str:
        """The full name of the data structure definition."""
        kind = "urn:sdmx:org.sdmx.infomodel.datastructure.DataStructure="
        return f"{kind}{self.structure_short}"


def names_of(table: Table, about: Mapping[str, object]) -> Names:
    """What the release's artefacts are called: the same release, the same names."""
    programme, publisher = _part(about, "programme"), _part(about, "publisher")
    named = publisher.get("name")
    said = named.get("en") if isinstance(named, dict) else None
    parts = [str(each) for each in (programme.get("id"), about.get("plan", table.id)) if each]
    return Names(
        agency=_identifier(str(publisher.get("id", "SEKISHO"))),
        agency_name=str(said or publisher.get("id", "Sekisho")),
        table="_".join(_identifier(part, start="T_") for part in parts),
        version=f"{about.get('revision', 1)}.0.0",
        dimensions=_dimensions(table),
        release=str(about.get("release", table.id)),
        made=str(about.get("made", "2000-01-01T00:00:00Z")),
    )


def _part(about: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = about.get(name)
    return found if isinstance(found, dict) else {}


def _identifier(text: str, start: str = "S_") -> str:
    """Capitals, digits and low lines, a letter first."""
    plain = re.sub(r"[^A-Z0-9]+", "_", text.upper()).strip("_") or "X"
    return plain if plain[0].isalpha() else f"{start}{plain}"


def _dimensions(table: Table) -> tuple[str, ...]:
    """A name a column, each once, none of those that SDMX keeps for itself."""
    found: dict[str, None] = {}
    for number, column in enumerate(table.group_columns, 1):
        name = column.upper() if _NAME.fullmatch(column) else f"DIMENSION_{number}"
        while name in _RESERVED or name in found:
            name += "_"
        found[name] = None
    return tuple(found)


def code(group: str | None) -> str:
    """The code of a group: the group itself where SDMX allows it, else each letter by its number.

    Two groups never have the same code, and a group has the same code in every release. A code
    never begins with what a spreadsheet takes for a formula.
    """
    if group is None:
        return TOTAL
    if _CODE.fullmatch(group) and group != TOTAL:
        return group
    return "".join(
        letter
        if _KEPT.fullmatch(letter) and not (at == 0 and group == TOTAL)
        else f"${ord(letter):x}$"
        for at, letter in enumerate(group)
    )


def namers(table: Table) -> list[Callable[[str | None], tuple[str, str]]]:
    """What people read for the groups of each column, in English and Japanese."""
    english, japanese = (labellers(table, each) for each in Language)

    def namer(
        one: Callable[[str | None], str], other: Callable[[str | None], str]
    ) -> Callable[[str | None], tuple[str, str]]:
        return lambda group: (one(group), other(group))

    return [namer(*each) for each in zip(english, japanese, strict=True)]
