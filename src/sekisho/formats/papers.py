"""The papers that travel with a released table: what it is, how to read, cite and verify it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sekisho.formats.cells import ESTIMATE_COLUMNS, STATUS, columns, whole_file
from sekisho.model.table import Table
from sekisho.present.holders import holders_told
from sekisho.terms import Language
from sekisho.text import sentence

FILES = {
    ".README.md": "readme",
    ".xlsx": "xlsx",
    ".csv": "csv",
    ".csv-metadata.json": "csv-metadata",
    ".ja.csv": "ja-csv",
    ".json": "json",
    ".parquet": "parquet",
    ".xml": "sdmx",
    ".svg": "svg",
    ".CITATION.cff": "citation",
    ".LICENCE.txt": "licence",
}
"""Suffix -> what is said of the file, in the order in which people look."""
_OTHERS = {
    ".README.md": (".README.ja.md",),
    ".xlsx": (".ja.xlsx",),
    ".xml": (".structure.xml", ".sdmx.csv"),
    ".svg": (".ja.svg",),
    ".CITATION.cff": (".CITATION.txt",),
}


@dataclass(frozen=True, slots=True)
class Told:
    """What `release.json` says of a release, as far as it is there."""

    table: Table
    about: Mapping[str, object]

    def text(self, key: str) -> str:
        """A text; empty when it is not there."""
        value = self.about.get(key)
        return value if isinstance(value, str) else ""

    def texts(self, key: str) -> list[str]:
        """A list of texts."""
        value = self.about.get(key)
        return [str(each) for each in value] if isinstance(value, list) else []

    def part(self, key: str) -> Mapping[str, object]:
        """What is told under a key."""
        value = self.about.get(key)
        return value if isinstance(value, dict) else {}

    def named(self, key: str, field: str, language: Language) -> str:
        """A name of a part in a language, its id where it has none."""
        part = self.part(key)
        names = part.get(field)
        said = names.get(language.value) if isinstance(names, dict) else None
        return str(said or part.get("id", ""))

    @property
    def date(self) -> str:
        """The day on which the release was made."""
        return self.text("made")[:10]

    def citation(self, language: Language) -> str:
        """How to cite the release, in one line."""
        fields = {
            "publisher": self.named("publisher", "name", language) or "–",
            "year": self.date[:4],
            "title": self.table.title.said(language),
            "programme": self.named("programme", "title", language),
            "release": self.text("release"),
            "date": self.date,
            "origin": self.text("origin") or "–",
        }
        return _say("citation-plain", language, fields)

    def rules(self, language: Language) -> list[str]:
        """The rules that let the release out, with their articles."""
        found = self.part("decision").get("rules")
        tongue = language.value
        rules = found if isinstance(found, list) else []
        return [f"{each['citation'][tongue]}: {each['text'][tongue]}" for each in rules]


def _say(name: str, language: Language, fields: Mapping[str, object] | None = None) -> str:
    return sentence(f"exports.{name}", fields or {}, language)


def _plain(text: object) -> str:
    """Words of others as Markdown shows them: no tag, no link, no line of their own."""
    told = " ".join(str(text).split())
    return told.replace("\\", "\\\\").replace("<", "\\<").replace("[", "\\[")


def _write(target: Path, text: str) -> None:
    with whole_file(target) as file:
        file.write(text.encode("utf-8"))


@dataclass(frozen=True, slots=True)
class Readme:
    """What the release is, in one language."""

    language: Language

    @property
    def name(self) -> str:
        """What an address calls it."""
        return "readme" if self.language is Language.EN else f"readme-{self.language.value}"

    @property
    def suffix(self) -> str:
        """What the file name ends with."""
        return ".README.md" if self.language is Language.EN else f".README.{self.language.value}.md"

    @property
    def media_type(self) -> str:
        """As registered with IANA."""
        return "text/markdown; charset=utf-8"

    def write(self, table: Table, target: Path, about: Mapping[str, object]) -> None:
        """Write the page.

        Raises: StorageError when the file cannot be written.
        """
        _write(target, "\n".join(self._lines(Told(table, about))) + "\n")

    def _say(self, name: str, **fields: object) -> str:
        return _say(name, self.language, fields)

    def _lines(self, told: Told) -> Iterator[str]:
        yield f"# {_plain(told.table.title.said(self.language))}"
        yield ""
        publisher = _plain(told.named("publisher", "name", self.language) or "–")
        fields = {"date": told.date, "release": told.text("release"), "publisher": publisher}
        yield self._say("made", **fields)
        yield ""
        yield self._say("purpose", purpose=told.text("purpose") or "–")
        yield from self._method(told)
        yield from self._reading(told.table)
        yield from self._files(told)
        yield from self._list("decided-by", told.rules(self.language))
        yield from self._list("sources", told.texts("sources"))
        yield from self._list("licences", told.texts("licences"))
        yield from self._list("how-to-cite", [told.citation(self.language)])
        yield from ("", f"## {self._say('how-to-verify')}", "")
        steps = [self._say(f"verify-{number}") for number in (1, 2, 3)]
        yield from (f"- {each}" for each in (*steps, self._say("status-ask")))

    def _list(self, title: str, items: list[str]) -> Iterator[str]:
        if items:
            yield from ("", f"## {self._say(title)}", "")
            yield from (f"- {_plain(each)}" for each in items)

    def _method(self, told: Told) -> Iterator[str]:
        yield from ("", f"## {self._say('method')}", "")
        method = told.text("method")
        if method:
            yield self._say(f"method-{method}")
        cost = told.part("privacy")
        if cost:
            yield ""
            yield self._say("privacy-cost", epsilon=cost["epsilon"], delta=cost["delta"])
        for line in holders_told(told.about, self.language):
            yield from ("", _plain(line))

    def _reading(self, table: Table) -> Iterator[str]:
        yield from ("", f"## {self._say('how-to-read')}", "")
        titles = [title for each in table.dimensions for title in each.column_titles]
        for column, title in zip(table.group_columns, titles, strict=True):
            yield f"- `{column}` ({_plain(title.said(self.language))}): {self._say('column-group')}"
        measured = {
            "measure": _plain(table.measure_title.said(self.language)),
            "unit": _plain(table.unit_of_measure.said(self.language)),
            "decimals": table.decimals,
        }
        yield f"- `{table.measure}`: {self._say('column-measure', **measured)}"
        if table.is_estimated:
            listed = ", ".join(f"`{each}`" for each in ESTIMATE_COLUMNS)
            name = "column-bounds" if table.has_intervals else "column-bounds-none"
            yield f"- {listed}: {self._say(name)}"
        yield f"- `{STATUS}`: {self._say('column-status')}"
        yield ""
        if table.hidden:
            yield self._say("hidden-cells", count=table.hidden, all=len(table.rows))
            yield ""
        yield self._say("lone-formula")

    def _files(self, told: Told) -> Iterator[str]:
        there = set(told.texts("files"))
        stem = told.text("plan")
        lines = []
        for suffix, what in FILES.items():
            names = [f"{stem}{each}" for each in (suffix, *_OTHERS.get(suffix, ()))]
            listed = ", ".join(f"`{name}`" for name in names if name in there)
            if listed:
                lines.append(f"{listed}: {self._say(f'file-{what}')}")
        proof = ", ".join(
            f"`{each}`" for each in ("manifest.json", "entry.json", "proof.tlog-proof")
        )
        yield from self._list("files", [*lines, f"{proof}: {self._say('file-entry')}"])


@dataclass(frozen=True, slots=True)
class Citation:
    """`CITATION.cff` (Citation File Format 1.2.0), which programs for references read."""

    name: str = "citation"
    suffix: str = ".CITATION.cff"
    media_type: str = "application/yaml"

    def write(self, table: Table, target: Path, about: Mapping[str, object]) -> None:
        """Write the citation; every text is quoted as JSON, which YAML reads.

        Raises: StorageError when the file cannot be written.
        """
        told = Told(table, about)
        publisher = told.named("publisher", "name", Language.EN) or "–"
        lines = [
            "cff-version: 1.2.0",
            f"message: {_quoted(told.citation(Language.EN))}",
            "type: dataset",
            f"title: {_quoted(table.title.en)}",
            "authors:",
            f"  - name: {_quoted(publisher)}",
            f"version: {_quoted(str(told.about.get('revision', 1)))}",
            f"date-released: {_quoted(told.date or '2000-01-01')}",
            "identifiers:",
            "  - type: other",
            f"    value: {_quoted(told.text('release') or table.id)}",
            f"    description: {_quoted('release; log ' + (told.text('origin') or '–'))}",
            f"abstract: {_quoted(table.title.ja)}",
        ]
        _write(target, "\n".join(lines) + "\n")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class CitationText:
    """The citation in both languages, a line each."""

    name: str = "citation-text"
    suffix: str = ".CITATION.txt"
    media_type: str = "text/plain; charset=utf-8"

    def write(self, table: Table, target: Path, about: Mapping[str, object]) -> None:
        """Write both lines.

        Raises: StorageError when the file cannot be written.
        """
        told = Told(table, about)
        _write(target, "".join(f"{told.citation(each)}\n" for each in Language))


@dataclass(frozen=True, slots=True)
class Licence:
    """The licences of the sources that the table was made from."""

    name: str = "licence"
    suffix: str = ".LICENCE.txt"
    media_type: str = "text/plain; charset=utf-8"

    def write(self, table: Table, target: Path, about: Mapping[str, object]) -> None:
        """Write what the programme declares of its sources.

        Raises: StorageError when the file cannot be written.
        """
        told = Told(table, about)
        licences, sources = told.texts("licences"), told.texts("sources")
        lines = []
        for language in Language:
            if licences:
                lines += [_say("licences", language), *(f"- {each}" for each in licences), ""]
            else:
                lines += [_say("licence-none", language), ""]
            if sources:
                lines += [_say("sources", language), *(f"- {each}" for each in sources), ""]
            lines += [_say("licence-derived", language), ""]
        _write(target, "\n".join(lines))


@dataclass(frozen=True, slots=True)
class CsvMetadata:
    """What the columns of the CSV mean: metadata of W3C's CSV on the Web, beside the file."""

    name: str = "csv-metadata"
    suffix: str = ".csv-metadata.json"
    media_type: str = "application/csvm+json"

    def write(self, table: Table, target: Path, about: Mapping[str, object]) -> None:
        """Write the metadata document.

        Raises: StorageError when the file cannot be written or two columns have one name.
        """
        plan = str(about.get("plan") or table.id)
        described = {
            "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
            "url": f"{plan}.csv",
            "dc:title": {"en": table.title.en, "ja": table.title.ja},
            "dc:identifier": str(about.get("release", plan)),
            "dialect": {"encoding": "utf-8", "lineTerminators": ["\r\n"], "header": True},
            "tableSchema": {
                "columns": [self._column(table, each) for each in columns(table)],
                "primaryKey": list(table.group_columns),
            },
        }
        _write(target, json.dumps(described, ensure_ascii=False, indent=1) + "\n")

    def _column(self, table: Table, name: str) -> dict[str, object]:
        titles = [title for each in table.dimensions for title in each.column_titles]
        known = dict(zip(table.group_columns, titles, strict=True))
        both = {each: each.value for each in Language}
        column: dict[str, object] = {"name": name, "titles": name}
        if name in known:
            say = {t: f"{known[name].said(e)} ({_say('csvw-total', e)})" for e, t in both.items()}
            return {**column, "dc:description": say, "datatype": "string", "required": True}
        if name == STATUS:
            say = {tongue: _say("csvw-status", each) for each, tongue in both.items()}
            form = {"base": "string", "format": "published|confidential"}
            return {**column, "dc:description": say, "datatype": form, "required": True}
        if name in ESTIMATE_COLUMNS:
            code = f"format.{name.replace('_', '-')}"
            say = {t: sentence(code, language=each) for each, t in both.items()}
        else:
            say = {
                t: f"{table.measure_title.said(e)} ({table.unit_of_measure.said(e)})"
                for e, t in both.items()
            }
        kind = "integer" if table.decimals == 0 else "decimal"
        return {**column, "dc:description": say, "datatype": kind, "null": ""}


def papers() -> list[Readme | Citation | CitationText | Licence | CsvMetadata]:
    """Every paper, as formats of a release."""
    readmes = [Readme(each) for each in Language]
    return [*readmes, Citation(), CitationText(), Licence(), CsvMetadata()]
