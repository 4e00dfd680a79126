"""A programme folder becomes a value, or an error that holds every fault of every file."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from sekisho.errors import Fault, Place, ProgrammeError, fault, raise_all
from sekisho.model.access_rule import AccessRule, split_rules
from sekisho.model.dataset import Dataset, Lookup
from sekisho.model.programme import Programme, ReleasePlan
from sekisho.model.public import PublicTable
from sekisho.model.text import Text
from sekisho.programmes.build import dataset_of, lookup_of, plan_of, text_of
from sekisho.programmes.calendars import calendar_faults
from sekisho.programmes.cases import case_faults, case_of, read_json
from sekisho.programmes.declaration import Declaration
from sekisho.programmes.folder import Folder, take_in
from sekisho.programmes.form_faults import form_faults
from sekisho.programmes.forms import forms_of
from sekisho.programmes.guess import guessed, shown
from sekisho.programmes.indicators import Days, plan_indicator_faults, plan_indicators
from sekisho.programmes.lookup_rows import lookup_rows
from sekisho.programmes.public import public_faults, public_table_of
from sekisho.programmes.records import record_flows
from sekisho.programmes.shape import ID, shape_faults
from sekisho.programmes.toml_places import read_toml
from sekisho.programmes.vocabulary import keys_of

Rows = dict[str, list[dict[str, str]]]
"""Id of a look-up -> its rows, column by column."""
Labels = tuple[tuple[str, str, Text], ...]
"""(column, value, what people read)."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What could be read of a folder, and every fault of what could not."""

    programme: Programme
    """Whole when there is no fault; else made of the files that have none."""
    faults: tuple[Fault, ...]

    @property
    def broken(self) -> frozenset[str]:
        """Where something could not be read: `programme.toml`, or the name of a folder."""
        return frozenset(f.place.file.split("/", 1)[0] if f.place else "" for f in self.faults)


def read_programme(folder: Path | Traversable) -> Programme:
    """The programme that a folder declares.

    Nothing but declarations is read; samples are hashed only. What the files say together
    (`check.check_programme`) is not looked at here.

    Raises: ProgrammeError with every fault of every file.
    """
    reading = read_folder(folder)
    raise_all(ProgrammeError, reading.faults)
    return reading.programme


def read_folder(folder: Path | Traversable) -> Reading:
    """What can be read of a folder, with every fault of every file, in order."""
    taken = take_in(folder)
    declarations = _declarations(taken)
    faults = [*taken.faults, *_companions(taken, declarations)]
    sound: dict[str, Declaration] = {}
    for file, read in declarations.items():
        found = [*shape_faults(read, keys_of(file) or ()), *_id_faults(read)]
        if not found:
            found = _inner_faults(file, read)
        faults += found
        if not found:
            sound[file] = read
    lookups, rows, lookup_faults = _lookups(sound, taken)
    declared = {file.split("/")[1].removesuffix(".toml") for file in declarations if "/" in file}
    plans, plan_faults = _plans(sound, taken, Known(lookups, rows, declared))
    public, of_public = _public_tables(sound, taken, Known(lookups, rows, declared))
    flows, flow_faults = record_flows(sound, taken)
    forms, of_forms = forms_of(sound)
    declared_sets = tuple(
        dataset_of(read.values) for file, read in sound.items() if file.startswith("datasets/")
    )
    datasets = (*declared_sets, *of_forms)
    programme = _programme(taken, sound, (datasets, tuple(lookups.values()), plans, _rules(taken)))
    whole = replace(
        programme,
        cases=tuple(case_of(read) for file, read in sound.items() if file.startswith("cases/")),
        record_flows=flows,
        forms=forms,
        public_tables=public,
        places={file: read.places for file, read in declarations.items()},
    )
    return Reading(
        whole, tuple(in_order([*faults, *lookup_faults, *plan_faults, *of_public, *flow_faults]))
    )


def _inner_faults(file: str, read: Declaration) -> list[Fault]:
    """Faults within one file that keeps to the vocabulary."""
    if file.startswith("cases/"):
        return list(case_faults(read))
    if file.startswith("releases/"):
        return list(calendar_faults(read))
    return form_faults(read) if file.startswith("forms/") else []


def in_order(faults: Iterable[Fault]) -> list[Fault]:
    """Faults by file, line and column; each once."""
    unique = {(str(f.place), f.code, tuple(sorted(f.fields.items(), key=str))): f for f in faults}
    return sorted(
        unique.values(),
        key=lambda f: (
            (f.place.file, f.place.line or 0, f.place.column or 0) if f.place else ("", 0, 0)
        ),
    )


def _declarations(taken: Folder) -> dict[str, Declaration]:
    return {
        file: read_json(file, text) if file.endswith(".json") else read_toml(file, text)
        for file, text in sorted(taken.texts.items())
        if keys_of(file) is not None
    }


def _id_faults(read: Declaration) -> list[Fault]:
    """An id is the name of its file, so that no two files of a folder can share one."""
    folder, _, name = read.file.rpartition("/")
    stem = name.rpartition(".")[0]
    declared = read.values.get("id")
    if not folder:
        return []
    if not ID.fullmatch(stem):
        return [fault("programme.file-not-an-id", Place(read.file), name=shown(stem))]
    if isinstance(declared, str) and ID.fullmatch(declared) and declared != stem:
        return [fault("programme.id-not-file", read.place(("id",)), id=declared, file=stem)]
    return []


def _companions(taken: Folder, declarations: dict[str, Declaration]) -> list[Fault]:
    """Faults for a SQL or CSV file without its declaration, and the other way round."""
    faults = []
    for folder, suffix in (("releases", ".sql"), ("lookups", ".csv"), ("public", ".csv")):
        stems = {
            p.removesuffix(suffix)
            for p in taken.digests
            if p.startswith(f"{folder}/") and p.endswith(suffix)
        }
        declared = {p.removesuffix(".toml") for p in declarations if p.startswith(f"{folder}/")}
        broken = {f.place.file for f in taken.faults if f.place}
        for stem in sorted(declared - stems):
            if f"{stem}{suffix}" not in broken:
                faults.append(
                    fault("programme.no-companion", Place(f"{stem}.toml"), file=f"{stem}{suffix}")
                )
        for stem in sorted(stems - declared):
            if f"{stem}.toml" not in broken:
                faults.append(
                    fault("programme.no-companion", Place(f"{stem}{suffix}"), file=f"{stem}.toml")
                )
    return faults


def _lookups(
    sound: dict[str, Declaration], taken: Folder
) -> tuple[dict[str, Lookup], Rows, list[Fault]]:
    lookups: dict[str, Lookup] = {}
    rows: Rows = {}
    faults: list[Fault] = []
    for file, read in sound.items():
        if file.startswith("lookups/"):
            lookup = lookup_of(read.values)
            lookups[lookup.id] = lookup
            if lookup.file in taken.texts:
                rows[lookup.id], found = lookup_rows(lookup, taken.texts[lookup.file])
                faults += found
    return lookups, rows, faults


@dataclass(frozen=True, slots=True)
class Known:
    """The look-ups that labels may come from."""

    lookups: dict[str, Lookup]
    rows: Rows
    declared: set[str]
    """Every id that some file declares, sound or not."""

    @property
    def days(self) -> Days:
        """The look-ups that may say when a policy began."""
        columns = {name: tuple(c.name for c in e.columns) for name, e in self.lookups.items()}
        return Days(columns, self.rows)


def _plans(
    sound: dict[str, Declaration], taken: Folder, known: Known
) -> tuple[tuple[ReleasePlan, ...], list[Fault]]:
    plans: list[ReleasePlan] = []
    faults: list[Fault] = []
    for file, read in sound.items():
        sql = taken.texts.get(file.removesuffix(".toml") + ".sql")
        if file.startswith("releases/") and sql is not None:
            labels, found = _labels(read, known)
            faults += found
            faults += plan_indicator_faults(read, known.days)
            plan = plan_of(read.values, sql, labels)
            plans.append(replace(plan, indicators=plan_indicators(read, known.days)))
    return tuple(plans), faults


def _public_tables(
    sound: dict[str, Declaration], taken: Folder, known: Known
) -> tuple[tuple[PublicTable, ...], list[Fault]]:
    tables: list[PublicTable] = []
    faults: list[Fault] = []
    for file, read in sound.items():
        if file.startswith("public/"):
            labels, found = _labels(read, known)
            found += public_faults(read, taken, known.days)
            faults += found
            if not found:
                tables.append(public_table_of(read.values, labels, known.days))
    return tuple(tables), faults


def _labels(read: Declaration, known: Known) -> tuple[Labels, list[Fault]]:
    """Labels that a plan takes from look-ups, then those written in it, which win."""
    found: dict[tuple[str, str], Text] = {}
    faults: list[Fault] = []
    for number, source in enumerate(read.values.get("label_sources", ())):
        lookup = known.lookups.get(source["lookup"])
        wrong = _source_faults(read, number, known)
        faults += wrong
        for row in known.rows.get(lookup.id, []) if lookup and not wrong else []:
            text = Text(row[source["en"]], row[source["ja"]])
            found[source["column"], row[source["value"]]] = text
    for column, labels in read.values.get("labels", {}).items():
        found |= {(column, of): text_of(words) for of, words in labels.items()}
    return tuple((column, of, text) for (column, of), text in found.items()), faults


def _source_faults(read: Declaration, number: int, known: Known) -> list[Fault]:
    """Whether a source of labels names a look-up and its columns."""
    source = read.values["label_sources"][number]
    lookup = known.lookups.get(source["lookup"])
    if lookup is None:
        if source["lookup"] in known.declared:
            return []
        place = read.place(("label_sources", number, "lookup"))
        return [guessed("programme.unknown-lookup", place, source["lookup"], known.lookups)]
    names = [column.name for column in lookup.columns]
    return [
        guessed(
            "programme.unknown-column",
            read.place(("label_sources", number, key)),
            source[key],
            names,
        )
        for key in ("value", "en", "ja")
        if source[key] not in names
    ]


def _rules(taken: Folder) -> tuple[AccessRule, ...]:
    """The access rules of every rule file, as written; `rules` checks them."""
    return tuple(
        rule
        for file in taken.under("rules", ".cedar")
        for rule in split_rules(file, taken.texts[file])
    )


def _programme(
    taken: Folder,
    sound: dict[str, Declaration],
    parts: tuple[
        tuple[Dataset, ...], tuple[Lookup, ...], tuple[ReleasePlan, ...], tuple[AccessRule, ...]
    ],
) -> Programme:
    head: dict[str, Any] = sound["programme.toml"].values if "programme.toml" in sound else _NO_HEAD
    datasets, lookups, plans, rules = parts
    return Programme(
        id=head["id"],
        title=text_of(head["title"]),
        description=text_of(head["description"]),
        purpose=head["purpose"],
        legal_basis=text_of(head["legal_basis"]),
        steward=head["steward"],
        recipients=tuple(head["recipients"]),
        jurisdictions=tuple(head["jurisdictions"]),
        datasets=datasets,
        lookups=lookups,
        release_plans=plans,
        access_rules=rules,
        digest=taken.digest(),
        files=tuple(sorted(taken.digests)),
    )


_NOTHING = {"en": "", "ja": ""}
_NO_HEAD: dict[str, Any] = {
    **dict.fromkeys(("id", "purpose", "steward"), ""),
    **dict.fromkeys(("title", "description", "legal_basis"), _NOTHING),
    **dict.fromkeys(("recipients", "jurisdictions"), ()),
}
"""What stands for a head that cannot be read; nobody but the check of the rest sees it."""
