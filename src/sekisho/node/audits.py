"""Finished tables from files, audited together; needs no node."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sekisho.errors import DeliveryError, Fault, fault, raise_all
from sekisho.formats.sheets import read_sheets
from sekisho.lanes.statistics.finished.axes import Labelled, label
from sekisho.lanes.statistics.finished.findings import AuditFindings, Remark
from sekisho.lanes.statistics.finished.frame import Asked
from sekisho.lanes.statistics.finished.grid import blocks_of, lay_out
from sekisho.lanes.statistics.finished.look import audit_tables
from sekisho.lanes.statistics.finished.readings import Style
from sekisho.lanes.statistics.finished.structure_file import Structure, offered, read_structure
from sekisho.model.sheet import Sheet, column_name
from sekisho.ports import Watch


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit found, and the structure that it took, as TOML to correct."""

    findings: AuditFindings
    structure: str


def audit_files(
    files: Sequence[Path],
    *,
    structure: Path | None = None,
    asked: Asked | None = None,
    watch: Watch | None = None,
) -> Audited:
    """What an attacker infers from the tables in some files, taken together.

    Raises: DeliveryError when a file cannot be read or holds no table; UsageError with every fault
    of the structure file.
    """
    given = Structure()
    if structure is not None:
        given = read_structure(structure.read_text(encoding="utf-8"), structure.name)
    tables: list[Labelled] = []
    styles: dict[str, Style] = {}
    remarks: list[Remark] = []
    faults: list[Fault] = []
    for file, named in _named(files):
        try:
            sheets = read_sheets(file)
        except DeliveryError as error:
            faults += error.faults
            continue
        before = len(tables)
        for each in sheets:
            remarks += _concealed(named, each)
            tables += _tables(named, each, given, styles)
        if len(tables) == before:
            faults.append(fault("finished.no-table", file=named))
    raise_all(DeliveryError, faults)
    found = audit_tables(tables, given.declared, asked or Asked(), watch or Watch(), remarks)
    return Audited(found, offered(found, styles))


def _named(files: Sequence[Path]) -> list[tuple[Path, str]]:
    """Each file with its name, or as much of its path as tells it from the others."""
    names = [file.name for file in files]
    return [
        (file, file.name if names.count(file.name) == 1 else "/".join(file.parts[-2:]))
        for file in files
    ]


def _tables(file: str, sheet: Sheet, given: Structure, styles: dict[str, Style]) -> list[Labelled]:
    """The tables of one sheet, each with a name that says where it stands."""
    found = []
    blocks = blocks_of(sheet, given.marks)
    for block in blocks:
        source = f"{file}#{sheet.name}" if sheet.name else file
        if len(blocks) > 1:
            source += f"@{column_name(block.left)}{block.top + 1}"
        said = (given.styles.get(source), given.labels.get(source))
        layout = lay_out(block, given.marks, *said)
        if layout is not None:
            styles[source] = layout.spelling.style
            found.append(label(layout, source))
    return found


def _concealed(file: str, sheet: Sheet) -> list[Remark]:
    return [
        Remark(f"finished.concealed-{what}", {"file": file, "sheet": sheet.name})
        for what in sheet.concealed
    ]
