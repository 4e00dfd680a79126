"""Faults that show only when a programme's files are read together.

The SQL of each plan is parsed by `query`, the access rules are checked by whoever calls, and what
both say is merged with the faults found here, in order of file and line.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path

from sekisho.errors import Fault, Place, ProgrammeError, fault, raise_all
from sekisho.model.access_rule import AccessRule
from sekisho.model.programme import Programme
from sekisho.programmes.cases import Decide, differing_cases
from sekisho.programmes.check_budgets import budget_faults
from sekisho.programmes.check_columns import dataset_faults, lookup_faults
from sekisho.programmes.check_forms import form_faults_across
from sekisho.programmes.check_parts import parts_faults
from sekisho.programmes.check_plans import plan_faults
from sekisho.programmes.guess import shown
from sekisho.programmes.histories import Fits, history_faults, path_fit_faults
from sekisho.programmes.places import place_in
from sekisho.programmes.public import public_faults_across
from sekisho.programmes.read import in_order, read_folder
from sekisho.programmes.records import UnknownPaths, path_faults, record_faults

CheckRules = Callable[[Sequence[AccessRule]], list[Fault]]
_JURISDICTION = re.compile(r"[A-Z]{2}")
_RULE_ID = re.compile(r"[A-Za-z][A-Za-z0-9.-]{0,99}")
_SHARED = ("datasets/", "records/", "forms/", "public/")
"""What a programme may be about; without any of them it shares nothing."""
_PURPOSE = re.compile(r"dpv:[A-Z][A-Za-z]+")


def check_programme(
    programme: Programme, check_rules: CheckRules, decide: Decide | None = None
) -> list[Fault]:
    """Every fault across the files of a programme; none means that it can be used.

    With `decide`, a programme without a fault also has its cases decided.
    """
    found = in_order(_faults(programme, check_rules, frozenset()))
    return found or (in_order(differing_cases(programme, decide)) if decide else [])


def checked_programme(
    folder: Path | Traversable,
    check_rules: CheckRules,
    decide: Decide | None = None,
    unknown_paths: UnknownPaths | None = None,
    fits: Fits | None = None,
) -> Programme:
    """The programme that a folder declares, read and checked whole, with its cases decided.

    With `unknown_paths`, the paths of its record flows are looked up in their format; with `fits`,
    those that datasets take columns from.

    Raises: ProgrammeError with every fault of every file and across them; what depends on a file
    that cannot be read is not judged.
    """
    reading = read_folder(folder)
    across = list(_faults(reading.programme, check_rules, reading.broken))
    if unknown_paths is not None:
        across += path_faults(reading.programme, unknown_paths)
    if fits is not None:
        across += path_fit_faults(reading.programme, fits)
    raise_all(ProgrammeError, in_order([*reading.faults, *across]))
    if decide is not None:
        raise_all(ProgrammeError, in_order(differing_cases(reading.programme, decide)))
    return reading.programme


def _faults(
    programme: Programme, check_rules: CheckRules, broken: frozenset[str]
) -> Iterator[Fault]:
    """Faults across files; nothing is said about what lies in broken rooms."""
    if "" in broken:
        return
    if "programme.toml" not in broken:
        yield from _head_faults(programme)
    yield from dataset_faults(programme)
    yield from budget_faults(programme)
    yield from parts_faults(programme)
    yield from history_faults(programme)
    yield from lookup_faults(programme)
    yield from _name_faults(programme)
    yield from public_faults_across(programme)
    yield from record_faults(programme)
    yield from form_faults_across(programme)
    if not broken & {"datasets", "forms", "lookups"}:
        yield from plan_faults(programme, all_plans="releases" not in broken)
    if "rules" not in broken:
        yield from _rule_faults(programme, check_rules)


def _head_faults(programme: Programme) -> Iterator[Fault]:
    file = "programme.toml"
    if not _PURPOSE.fullmatch(programme.purpose):
        yield fault("programme.bad-purpose", place_in(programme, file, "purpose"))
    for number, code in enumerate(programme.jurisdictions):
        if not _JURISDICTION.fullmatch(code):
            yield fault(
                "programme.bad-jurisdiction", place_in(programme, file, "jurisdictions", number)
            )
    if not any(file.startswith(_SHARED) for file in programme.files):
        yield fault("programme.no-dataset", Place("datasets"))


def _name_faults(programme: Programme) -> Iterator[Fault]:
    """A dataset and a look-up share one room in the SQL, so they may not share a name."""
    datasets = {dataset.id for dataset in programme.datasets}
    for lookup in programme.lookups:
        if lookup.id in datasets:
            place = place_in(programme, f"lookups/{lookup.id}.toml", "id")
            yield fault("programme.id-taken", place, id=lookup.id)


def _rule_faults(programme: Programme, check_rules: CheckRules) -> Iterator[Fault]:
    yield from check_rules(programme.access_rules)
    if not any(rule.effect == "permit" for rule in programme.access_rules):
        yield fault("programme.no-permit", Place("rules"))
    first: dict[str, AccessRule] = {}
    for rule in programme.access_rules:
        if rule.id and not _RULE_ID.fullmatch(rule.id):
            yield fault("programme.bad-rule-id", Place(rule.file, rule.line), id=shown(rule.id))
        if rule.id and rule.id in first:
            where = f"{first[rule.id].file}:{first[rule.id].line}"
            yield fault(
                "programme.rule-id-twice", Place(rule.file, rule.line), id=rule.id, where=where
            )
        first.setdefault(rule.id, rule)
