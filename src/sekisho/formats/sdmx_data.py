"""The cells of a released table in SDMX-ML 3.0 and SDMX-CSV 2.1, streamed.

pysdmx writes the structure; the cells are written here, because it holds a whole message in memory
and carries numbers as binary fractions. Tests compare both: it reads these files, and what it
writes of the same table says the same.
"""

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from sekisho.formats.cells import Told, batches, bounds, groups_told, whole_file, writer
from sekisho.formats.csv import field
from sekisho.formats.sdmx_names import (
    CONF_STATUS,
    CONFIDENTIAL,
    ESTIMATED,
    ESTIMATES,
    FREE,
    MEASURE,
    MISSING,
    NORMAL,
    OBS_STATUS,
    UNIT,
    UNIT_CODE,
    Names,
    code,
    names_of,
)
from sekisho.model.table import Row, Suppressed, Table

_SCHEMAS = "http://www.sdmx.org/resources/sdmxml/schemas/v3_0"


@dataclass(frozen=True, slots=True)
class SdmxMl:
    """Structure-specific data, one flat `Obs` a cell.

    A hidden cell has no value, status Q (suppressed) and confidentiality C, whatever the reason.
    """

    name: str = "sdmx-ml"
    suffix: str = ".xml"
    media_type: str = "application/vnd.sdmx.data+xml;version=3.0.0"

    def write(self, table: Table, target: Path, about: Mapping[str, object]) -> None:
        """Write the whole table, observation by observation.

        Raises: StorageError when the file cannot be written.
        """
        names = names_of(table, about)
        with whole_file(target) as file, io.TextIOWrapper(file, "utf-8", newline="") as text:
            text.write(_head(names))
            text.writelines(_observations(table, names))
            text.write("</mes:DataSet>\n</mes:StructureSpecificData>\n")


@dataclass(frozen=True, slots=True)
class SdmxCsv:
    """SDMX-CSV 2.1: one line a cell, an empty value where it is hidden."""

    name: str = "sdmx-csv"
    suffix: str = ".sdmx.csv"
    media_type: str = "application/vnd.sdmx.data+csv;version=2.1.0"

    def write(self, table: Table, target: Path, about: Mapping[str, object]) -> None:
        """Write the whole table, line by line.

        Raises: StorageError when the file cannot be written.
        """
        names = names_of(table, about)
        estimates = ESTIMATES if table.is_estimated else ()
        titles = ["STRUCTURE", "STRUCTURE_ID", *names.dimensions, MEASURE]
        titles += [OBS_STATUS, CONF_STATUS, *estimates, UNIT]
        with whole_file(target) as file, io.TextIOWrapper(file, "utf-8", newline="") as text:
            text.write(",".join(titles) + "\r\n")
            text.writelines(_lines(table, names))


def _head(names: Names) -> str:
    """Header and the beginning of the data set."""
    urn, agency = names.structure_urn, names.agency
    identifier = "".join(each if each.isalnum() or each in "_-" else "_" for each in names.release)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<mes:StructureSpecificData'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        f' xmlns:mes="{_SCHEMAS}/message" xmlns:ss="{_SCHEMAS}/data/structurespecific"'
        f' xmlns:com="{_SCHEMAS}/common" xmlns:ns1="{urn}:ObsLevelDim:AllDimensions">\n'
        f"<mes:Header>\n<mes:ID>{identifier}</mes:ID>\n<mes:Test>false</mes:Test>\n"
        f"<mes:Prepared>{names.made}</mes:Prepared>\n"
        f'<mes:Sender id="{agency}"><com:Name>{escape(names.agency_name)}</com:Name></mes:Sender>\n'
        f'<mes:Structure structureID="{names.structure}" namespace="{urn}"'
        ' dimensionAtObservation="AllDimensions">'
        f"<com:Structure>{urn}</com:Structure></mes:Structure>\n"
        "<mes:DataSetAction>Information</mes:DataSetAction>\n</mes:Header>\n"
        f'<mes:DataSet ss:structureRef="{names.structure}"'
        ' xsi:type="ns1:DataSetType" ss:action="Information">\n'
    )


def _observations(table: Table, names: Names) -> Iterator[str]:
    told = [
        Told(lambda group, name=name: f"{name}={quoteattr(code(group))}")  # type: ignore[misc]
        for name in names.dimensions
    ]
    tail = _tail_in_xml(table)
    for rows in batches(table):
        yield "".join(
            [
                f"<Obs {groups}{tail(row)}"
                for groups, row in zip(groups_told(rows, told, " "), rows, strict=True)
            ]
        )


def _tail_in_xml(table: Table) -> Callable[[Row], str]:
    write, estimated = writer(table.decimals), table.is_estimated
    unit = f' {UNIT}="{UNIT_CODE}"'
    hidden = f' {OBS_STATUS}="{MISSING}" {CONF_STATUS}="{CONFIDENTIAL}"{unit}/>\n'
    status = ESTIMATED if estimated else NORMAL
    shown = f'" {OBS_STATUS}="{status}" {CONF_STATUS}="{FREE}"{unit}'

    def tail(row: Row) -> str:
        cell = row.cell
        if isinstance(cell, Suppressed):
            return hidden
        ends = _bounds_in_xml(row, write) if estimated else ""
        return f' {MEASURE}="{write(cell)}{shown}{ends}/>\n'

    return tail


def _bounds_in_xml(row: Row, write: Callable[[Decimal], str]) -> str:
    found = zip(ESTIMATES, bounds(row) or (), strict=False)
    return "".join(f' {name}="{write(each)}"' for name, each in found)


def _lines(table: Table, names: Names) -> Iterator[str]:
    told = [Told(lambda group: field(code(group))) for _ in names.dimensions]
    write, estimated = writer(table.decimals), table.is_estimated
    start = f"datastructure,{field(names.structure_short)},"
    none = "," * len(ESTIMATES) if estimated else ""
    hidden = f",,{MISSING},{CONFIDENTIAL}{none},{UNIT_CODE}\r\n"
    shown = f"{ESTIMATED if estimated else NORMAL},{FREE}"

    def tail(row: Row) -> str:
        cell = row.cell
        if isinstance(cell, Suppressed):
            return hidden
        ends = ""
        if estimated:
            found = bounds(row)
            ends = "".join(f",{write(each)}" for each in found) if found else none
        return f",{write(cell)},{shown}{ends},{UNIT_CODE}\r\n"

    for rows in batches(table):
        yield "".join(
            [
                f"{start}{groups}{tail(row)}"
                for groups, row in zip(groups_told(rows, told, ","), rows, strict=True)
            ]
        )
