"""A programme folder becomes a value, or an error that holds every fault of every file."""

from collections.abc import Iterable
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from sekisho.errors import Fault, Place, ProgrammeError, fault, raise_all
from sekisho.model.access_rule import AccessRule, split_rules
from sekisho.model.dataset import Dataset, Lookup
from sekisho.model.programme import Programme, ReleasePlan
from sekisho.model.text import Text
from sekisho.programmes.build import dataset_of, lookup_of, plan_of, text_of
from sekisho.programmes.folder import Folder, take_in
from sekisho.programmes.guess import guessed, shown
from sekisho.programmes.lookup_rows import lookup_rows
from sekisho.programmes.shape import ID, shape_faults
from sekisho.programmes.toml_places import TomlFile, read_toml
from sekisho.programmes.vocabulary import keys_of

Rows = dict[str, list[dict[str, str]]]


def read_programme(folder: Path | Traversable) -> Programme:
    """The programme that a folder declares.

    Nothing but declarations is read; samples are hashed only. What the files say together
    (`check.check_programme`) is not looked at here.

    Raises: ProgrammeError with every fault of every file.
    """
    taken = take_in(folder)
    declarations = _declarations(taken)
    faults = [*taken.faults]
    sound: dict[str, TomlFile] = {}
    for file, read in declarations.items():
        found = [*shape_faults(read, keys_of(file) or ()), *_id_faults(read)]
        faults += found
        if not found:
            sound[file] = read
    lookups, rows, lookup_faults = _lookups(sound, taken)
    faults += lookup_faults
    faults += _companions(taken, declarations)
    plans, plan_faults = _plans(sound, taken, {each.id: each for each in lookups}, rows)
    faults += plan_faults
    raise_all(ProgrammeError, in_order(faults))
    datasets = tuple(dataset_of(sound[f].values) for f in taken.under("datasets", ".toml"))
    return _programme(taken, declarations, (datasets, lookups, plans, _rules(taken)))


def in_order(faults: Iterable[Fault]) -> list[Fault]:
    """Faults by file, line and column; each once."""
    unique = {(str(f.place), f.code, tuple(sorted(f.fields.items(), key=str))): f for f in faults}
    return sorted(
        unique.values(),
        key=lambda f: (
            (f.place.file, f.place.line or 0, f.place.column or 0) if f.place else ("", 0, 0)
        ),
    )


def _declarations(taken: Folder) -> dict[str, TomlFile]:
    return {
        file: read_toml(file, text)
        for file, text in sorted(taken.texts.items())
        if file.endswith(".toml") and keys_of(file) is not None
    }


def _id_faults(read: TomlFile) -> list[Fault]:
    """An id is the name of its file, so that no two files of a folder can share one."""
    folder, _, name = read.file.rpartition("/")
    stem = name.removesuffix(".toml")
    declared = read.values.get("id")
    if not folder:
        return []
    if not ID.fullmatch(stem):
        return [fault("programme.file-not-an-id", Place(read.file), name=shown(stem))]
    if isinstance(declared, str) and ID.fullmatch(declared) and declared != stem:
        return [fault("programme.id-not-file", read.place(("id",)), id=declared, file=stem)]
    return []


def _companions(taken: Folder, declarations: dict[str, TomlFile]) -> list[Fault]:
    """Faults for a SQL or CSV file without its declaration, and the other way round."""
    faults = []
    for folder, suffix in (("releases", ".sql"), ("lookups", ".csv")):
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
    sound: dict[str, TomlFile], taken: Folder
) -> tuple[tuple[Lookup, ...], Rows, list[Fault]]:
    lookups, faults = [], []
    rows: Rows = {}
    for file, read in sound.items():
        if file.startswith("lookups/"):
            lookup = lookup_of(read.values)
            lookups.append(lookup)
            if lookup.file in taken.texts:
                rows[lookup.id], found = lookup_rows(lookup, taken.texts[lookup.file])
                faults += found
    return tuple(lookups), rows, faults


def _plans(
    sound: dict[str, TomlFile], taken: Folder, lookups: dict[str, Lookup], rows: Rows
) -> tuple[tuple[ReleasePlan, ...], list[Fault]]:
    plans, faults = [], []
    for file, read in sound.items():
        if file.startswith("releases/"):
            labels, found = _labels(read, lookups, rows)
            faults += found
            sql = taken.texts.get(file.removesuffix(".toml") + ".sql", "")
            plans.append(plan_of(read.values, sql, labels))
    return tuple(plans), faults


def _labels(
    read: TomlFile, lookups: dict[str, Lookup], rows: Rows
) -> tuple[tuple[tuple[str, str, Text], ...], list[Fault]]:
    """Labels written in the plan, then those that it takes from look-ups."""
    found: dict[tuple[str, str], Text] = {}
    faults = []
    for number, source in enumerate(read.values.get("label_sources", ())):
        path = ("label_sources", number)
        lookup = lookups.get(source["lookup"])
        if lookup is None:
            place = read.place((*path, "lookup"))
            faults.append(guessed("programme.unknown-lookup", place, source["lookup"], lookups))
            continue
        names = [column.name for column in lookup.columns]
        wrong = [key for key in ("value", "en", "ja") if source[key] not in names]
        faults += [
            guessed("programme.unknown-column", read.place((*path, key)), source[key], names)
            for key in wrong
        ]
        for row in [] if wrong else rows.get(lookup.id, []):
            text = Text(row.get(source["en"], ""), row.get(source["ja"], ""))
            found[source["column"], row.get(source["value"], "")] = text
    for column, labels in read.values.get("labels", {}).items():
        found |= {(column, of): text_of(words) for of, words in labels.items()}
    return tuple((column, of, text) for (column, of), text in found.items()), faults


def _rules(taken: Folder) -> tuple[AccessRule, ...]:
    """The access rules of every rule file, as written; `rules` checks them."""
    return tuple(
        rule
        for file in taken.under("rules", ".cedar")
        for rule in split_rules(file, taken.texts[file])
    )


def _programme(
    taken: Folder,
    declarations: dict[str, TomlFile],
    parts: tuple[
        tuple[Dataset, ...], tuple[Lookup, ...], tuple[ReleasePlan, ...], tuple[AccessRule, ...]
    ],
) -> Programme:
    head: dict[str, Any] = declarations["programme.toml"].values
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
        places={file: read.places for file, read in declarations.items()},
    )
