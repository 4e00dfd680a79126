"""How a form of tables is written as one document: what `[layout]` may hold, and its faults."""

from collections.abc import Iterator
from typing import Any

from sekisho.errors import Fault, fault
from sekisho.model.form import Layout
from sekisho.programmes.build import text_of
from sekisho.programmes.declaration import Declaration
from sekisho.programmes.guess import guessed
from sekisho.programmes.keys import Key, Kind, required

_HEADERS = (
    required("section", Kind.BOTH, "over the sections' titles"),
    required("text", Kind.BOTH, "over what each row says"),
    required("outcome", Kind.BOTH, "over status and note"),
)

LAYOUT_KEYS = (
    required("headers", Kind.TABLE, "over the three columns of the document", keys=_HEADERS),
    required("title", Kind.NAME, "column of every table that stands over a row's text"),
    required("text", Kind.NAME, "column with the text itself"),
    required("status", Kind.NAME, "column, a choice, that begins the outcome"),
    required("note", Kind.NAME, "column with what else the outcome says"),
    Key("point", Kind.NAME, "column, a choice of the section's suggested points"),
    Key("reference", Kind.NAME, "column with addresses, one a line"),
)

_KINDS = {
    "title": "text",
    "text": "text",
    "status": "choice",
    "note": "text",
    "point": "choice",
    "reference": "text",
}


def layout_of(value: dict[str, Any]) -> Layout | None:
    """The layout that a form declares, if it declares one."""
    declared = value.get("layout")
    if declared is None:
        return None
    headers = declared["headers"]
    return Layout(
        headers=(
            text_of(headers["section"]),
            text_of(headers["text"]),
            text_of(headers["outcome"]),
        ),
        title=declared["title"],
        text=declared["text"],
        status=declared["status"],
        note=declared["note"],
        point=declared.get("point"),
        reference=declared.get("reference"),
    )


def layout_faults(read: Declaration) -> Iterator[Fault]:
    """Sections that are not one table each, and columns that some table does not have."""
    declared = read.values.get("layout")
    if declared is None:
        return
    named = {name: declared[name] for name in _KINDS if name in declared}
    if len(set(named.values())) < len(named):
        yield fault("documents.layout-twice", read.place(("layout",)))
    for number, section in enumerate(read.values.get("sections", ())):
        questions = section["questions"]
        if len(questions) != 1 or questions[0]["kind"] != "table":
            yield fault("documents.layout-one-table", read.place(("sections", number, "id")))
            continue
        columns = {each["id"]: each for each in questions[0].get("columns", ())}
        for name, column in named.items():
            place = read.place(("layout", name))
            if column not in columns:
                yield guessed("documents.layout-column", place, column, columns)
            elif columns[column]["kind"] != _KINDS[name] or columns[column].get("both_languages"):
                yield fault("documents.layout-kind", place, name=name, kind=_KINDS[name])
        for column in set(columns) - set(named.values()):
            yield fault("documents.layout-left-out", read.place(("layout",)), column=column)
