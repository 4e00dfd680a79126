"""A filled template becomes answers: from a document of tables, or of headings and paragraphs.

What cannot be placed is never dropped in silence: it is a fault, or a note that the officer reads
before the answers are sent.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sekisho.errors import DeliveryError, Fault, fault, raise_all
from sekisho.lanes.open.template_words import (
    Template,
    is_empty_mark,
    is_title,
    label_of,
    option_named,
    outcome_of,
    plain,
    row_title,
    section_named,
)
from sekisho.model.characters import lookalikes_in
from sekisho.model.document import Block, Bullets, Grid, Heading, KeyValues, Line, Paragraph
from sekisho.model.form import Form, Section

Given = dict[str, object]
"""Answers as they come from outside; `read_answers` makes them values of the model."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file gives as answers, and what the officer should know about it."""

    given: Mapping[str, object]
    notes: tuple[Fault, ...] = ()


@dataclass
class _Filling:
    """The answers as they grow: section -> rows, each a part -> its lines."""

    template: Template
    rows: dict[str, list[dict[str, list[str]]]] = field(default_factory=dict)
    notes: list[Fault] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def open_section(self, section: Section) -> None:
        if section.id in self.rows:
            self.faults.append(fault("documents.section-twice", section=section.id))
        self.rows.setdefault(section.id, [])

    def new_row(self, section: Section) -> dict[str, list[str]]:
        row: dict[str, list[str]] = {}
        self.rows[section.id].append(row)
        return row


def template_of(form: Form) -> Template:
    """The form as one document.

    Raises: DeliveryError when the form declares no layout.
    """
    if form.layout is None:
        raise DeliveryError(fault("documents.no-layout", form=form.id))
    return Template(form, form.layout)


def answers_of_document(form: Form, blocks: Sequence[Block]) -> Imported:
    """The answers that a filled template gives.

    Raises: DeliveryError when it is another form's template, or something in it has no place.
    """
    filling = _Filling(template_of(form))
    grids = [each for each in blocks if isinstance(each, Grid) and _is_filled(filling, each)]
    if grids:
        for grid in grids:
            _read_grid(filling, grid)
        _note_outside(filling, (b for b in blocks if b not in grids and not isinstance(b, Heading)))
    else:
        _read_running_text(filling, blocks)
    return finished(filling.template, filling.rows, filling.notes, filling.faults)


def finished(
    template: Template,
    rows: Mapping[str, Sequence[Mapping[str, Sequence[str]]]],
    notes: Iterable[Fault],
    faults: Iterable[Fault],
) -> Imported:
    """The rows of each section as answers, once every section was there and nothing is wrong."""
    form = template.form
    missing = [section.id for section in form.sections if section.id not in rows]
    if len(missing) == len(form.sections):
        raise DeliveryError(fault("documents.another-template", form=form.id))
    found = list(faults)
    if missing:
        listed = ", ".join(f"`{each}`" for each in missing)
        found.append(fault("documents.sections-missing", sections=listed))
    given: Given = {}
    told = list(notes)
    for section in form.sections:
        answers = [_answer(template, section, row) for row in rows.get(section.id, ())]
        given[template.table(section).id] = [each for each in answers if each]
        for number, answer in enumerate(answers, 1):
            alike = [word for text in answer.values() for word in lookalikes_in(text)]
            if alike:
                told.append(fault("documents.lookalikes", section=section.id, row=number))
    raise_all(DeliveryError, found)
    return Imported(given, tuple(told))


def _answer(
    template: Template, section: Section, row: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """One row as answers: the lines of each part joined, the outcome split in status and note."""
    layout = template.layout
    said = {part: "\n".join(lines).strip("\n ") for part, lines in row.items()}
    status, note = template.column(section, layout.status), said.get(layout.note, "")
    if layout.status in said:
        said[layout.status], more = outcome_of(status, said[layout.status])
        note = "\n".join(filter(None, (more, note)))
    elif note:
        said[layout.status], note = outcome_of(status, note)
    said[layout.note] = note
    if layout.point is not None and said.get(layout.point):
        option = option_named(template.column(section, layout.point), said[layout.point])
        if option is None:
            said[layout.text] = "\n".join(
                filter(None, (said[layout.point], said.get(layout.text, "")))
            )
        said[layout.point] = option.id if option else ""
    return {part: text for part, text in said.items() if text}


# -- a document of tables -------------------------------------------------------------------------


def _is_filled(filling: _Filling, grid: Grid) -> bool:
    """Whether a table's head is that of the template."""
    headers = filling.template.layout.headers
    return len(grid.header) == len(headers) and all(
        is_title(said, header) for said, header in zip(grid.header, headers, strict=True)
    )


def _read_grid(filling: _Filling, grid: Grid) -> None:
    section: Section | None = None
    for number, cells in enumerate(grid.rows, 1):
        first, text, outcome = (_lines_of(cell) for cell in cells)
        named = [line for line in first if line.text.strip()]
        if named:
            section = section_named(filling.template.form, named[0].text)
            if section is None:
                filling.faults.append(fault("documents.unknown-section", row=number))
                continue
            filling.open_section(section)
            _note_guide(filling, section, named[1:])
        if section is None:
            filling.faults.append(fault("documents.unknown-section", row=number))
            continue
        row = filling.new_row(section)
        _place_lines(filling, section, row, text)
        _place_outcome(filling, row, outcome)


def _lines_of(cell: object) -> list[Line]:
    if isinstance(cell, str):
        return [Line(text) for text in cell.split("\n")]
    return [each for each in cell if isinstance(each, Line)] if isinstance(cell, tuple) else []


def _note_guide(filling: _Filling, section: Section, lines: list[Line]) -> None:
    """What stands under a section's title must be the template's own words; else it is told."""
    guides = (
        {plain(help_) for help_ in (section.help.en, section.help.ja)} if section.help else set()
    )
    point = filling.template.layout.point
    for line in lines:
        is_point = point is not None and option_named(
            filling.template.column(section, point), line.text
        )
        if not is_point and plain(line.text) not in guides:
            filling.notes.append(fault("documents.beside-title", section=section.id))
            return


def _place_lines(
    filling: _Filling, section: Section, row: dict[str, list[str]], lines: list[Line]
) -> None:
    """Lines that carry their part go there; others follow them, or are told by what they are."""
    layout = filling.template.layout
    known = set(layout.columns) - {layout.status, layout.note}
    current = ""
    for line in lines:
        if line.part in known:
            current = line.part
            row.setdefault(current, []).append(line.text)
            continue
        if not line.text.strip():
            if current:
                row[current].append("")
            continue
        labelled = label_of(filling.template, section, line.text)
        if labelled is not None and labelled[0] in known:
            current = labelled[0]
            row.setdefault(current, []).append(labelled[1])
        elif not row and line.role == "strong":
            row[layout.title] = [line.text]
        else:
            current = current if current in {layout.text, layout.reference} else layout.text
            row.setdefault(current, []).append(line.text)


def _place_outcome(filling: _Filling, row: dict[str, list[str]], lines: list[Line]) -> None:
    layout = filling.template.layout
    for line in lines:
        part = layout.status if line.part == layout.status else layout.note
        if line.text.strip() or line.part == layout.status or row.get(part):
            row.setdefault(part, []).append(line.text)


def _note_outside(filling: _Filling, blocks: Iterable[Block]) -> None:
    about = filling.template.form.description
    known = {plain(about.en), plain(about.ja), ""}
    outside = sum(plain(text) not in known for block in blocks for text in texts_of(block))
    if outside:
        filling.notes.append(fault("documents.outside", count=outside))


# -- a document of headings and paragraphs --------------------------------------------------------


@dataclass
class _Place:
    section: Section | None = None
    level: int = 0
    row: dict[str, list[str]] | None = None
    part: str = ""


def _read_running_text(filling: _Filling, blocks: Sequence[Block]) -> None:
    place = _Place()
    outside: list[Block] = []
    for block in blocks:
        section = _section_of(filling, block)
        if section is not None:
            filling.open_section(section)
            level = block.level if isinstance(block, Heading) else 9
            place = _Place(section, level)
        elif isinstance(block, Heading):
            if place.section is None or block.level <= place.level:
                place = _Place()
                continue
            place.row = filling.new_row(place.section)
            place.row[filling.template.layout.title] = [row_title(place.section, block.text)]
            place.part = filling.template.layout.text
        elif place.section is None:
            outside.append(block)
        else:
            _read_text(filling, place, block)
    _note_outside(filling, outside)


def _section_of(filling: _Filling, block: Block) -> Section | None:
    is_head = isinstance(block, Heading) or (
        isinstance(block, Paragraph) and block.role == "strong"
    )
    if not is_head or not isinstance(block, Heading | Paragraph):
        return None
    return section_named(filling.template.form, block.text)


def _read_text(filling: _Filling, place: _Place, block: Block) -> None:
    section, layout = place.section, filling.template.layout
    if section is None:
        return
    for text in texts_of(block):
        if place.row is None and is_empty_mark(text):
            filling.notes.append(fault("documents.left-empty", section=section.id))
            continue
        if not text.strip() and place.row is None:
            continue
        if place.row is None:
            place.row, place.part = filling.new_row(section), layout.text
        labelled = label_of(filling.template, section, text)
        if labelled is not None:
            place.part = labelled[0]
        place.row.setdefault(place.part, []).append(labelled[1] if labelled else text)


def texts_of(block: Block) -> Iterator[str]:
    """The text of a block, line by line or item by item."""
    match block:
        case Heading(text, _):
            yield text
        case Paragraph(text, notes, _):
            yield from (text, *notes)
        case Bullets(items, _):
            yield from (f"- {item}" for item in items)
        case KeyValues(pairs):
            yield from (f"{name}: {value}" for name, value in pairs)
        case Grid():
            for row in (block.header, *block.rows):
                yield " | ".join(_cell_text(cell) for cell in row)


def _cell_text(cell: str | tuple[Line, ...]) -> str:
    return cell if isinstance(cell, str) else " ".join(line.text for line in cell)
