"""What minimisation promises, for any choice of types, codes, fields and days."""

import copy
from datetime import date, timedelta
from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.formats import fhir_tables as tables
from sekisho.formats.fhir import FHIR_R4
from sekisho.lanes.record import minimise
from sekisho.lanes.record.selection import Cut, Selection
from sekisho.model.resource import Part
from tests.lib.fhir_records import (
    faults,
    is_part_of,
    patient,
    record,
    references,
    smaller,
    written,
)

MINE, YOURS = record("patient-2.json"), record("patient-1.json")
TYPES = sorted({each.type for each in MINE})
ME = patient(MINE)
SEMANTICS = FHIR_R4.semantics
TEXTS = (Part.TEXT, Part.NARRATIVE, Part.ATTACHMENT)


def _paths(shape, root, depth):
    for name, element in SEMANTICS.elements(shape).items():
        if not name.startswith("_"):
            yield f"{root}.{element.path}"
            if depth and element.shape and element.part is Part.GROUP:
                yield from _paths(element.shape, f"{root}.{element.path}", depth - 1)


PATHS = {kind: sorted({kind, *_paths(kind, kind, 1)}) for kind in TYPES}
CODES = sorted(
    {
        pair
        for each in MINE
        for name in ("code", "vaccineCode")
        for pair in SEMANTICS.codes(each.tree.get(name))
    }
)
START = date(2011, 1, 1)
DAYS = st.none() | st.integers(0, 3650).map(lambda n: START + timedelta(days=n))


@st.composite
def cuts(draw):
    types = draw(st.lists(st.sampled_from(TYPES), min_size=1, max_size=4, unique=True))
    fields = draw(
        st.lists(st.sampled_from([p for kind in types for p in PATHS[kind]]), max_size=12)
    )
    codes = draw(st.lists(st.sampled_from(CODES), max_size=6)) if draw(st.booleans()) else []
    return Cut("c", tuple(types), tuple(codes), tuple(fields))


@st.composite
def selections(draw):
    return Selection(
        tuple(draw(st.lists(cuts(), max_size=3))),
        draw(st.sampled_from([ME.address, f"Patient/{ME.id}"])),
        draw(DAYS),
        draw(DAYS),
        free_text=draw(st.booleans()),
    )


def _by_address(resources):
    return {each.address: each for each in resources}


@given(selections())
def test_what_leaves_is_a_part_of_what_came(selection):
    came = _by_address(MINE)
    kept, _ = smaller([*MINE, *YOURS], selection)
    for each in kept:
        assert is_part_of(each.tree, came[each.address].tree)
        assert (each.type, each.id) == (came[each.address].type, came[each.address].id)


@given(selections())
def test_doing_it_again_changes_nothing(selection):
    kept, _ = smaller(MINE, selection)
    again, _ = smaller(kept, selection)
    assert again == kept


@given(selections())
def test_nothing_points_at_what_is_not_there(selection):
    kept, _ = smaller([*YOURS, *MINE], selection)
    there = _by_address(kept)
    assert all(target in there for each in kept for target in references(each.tree))


@given(selections())
def test_what_leaves_is_valid(selection):
    kept, _ = smaller(MINE, selection)
    assert faults(kept) == []


@given(selections())
def test_nobody_else_passes(selection):
    kept, _ = smaller([*YOURS, *MINE], selection)
    text = written(kept)
    assert patient(YOURS).id.encode() not in text
    assert {each.address for each in kept} <= set(_by_address(MINE))


@given(selections())
def test_the_order_of_a_record_does_not_matter(selection):
    kept, said = smaller(MINE, selection)
    other, said_too = smaller(MINE[::-1], selection)
    assert other == kept[::-1]
    assert said == said_too


def _allowed(shape, tree, path, chosen, tied):
    """Leaves that neither a chosen path nor the format accounts for."""
    elements = SEMANTICS.elements(shape)
    whole = any(path == each or path.startswith(f"{each}.") for each in chosen)
    for name, value in tree.items():
        element = elements[name]
        here = f"{path}.{element.path}"
        under = any(each == here or each.startswith(f"{here}.") for each in chosen)
        forced = element.required or element.stays or here in tied
        if not (whole or under or forced):
            yield here
        inner = [] if not element.shape else value if isinstance(value, list) else [value]
        for each in inner:
            bare = here in tied or (forced and not (whole or under))
            needs = any(e.required for e in SEMANTICS.elements(element.shape).values())
            reach = [*chosen, here] if bare and not needs else chosen
            reference = element.part is Part.REFERENCE
            yield from _allowed(element.shape, each, here, [] if reference else reach, tied)


@given(selections())
def test_every_element_that_leaves_was_chosen_or_cannot_be_missing(selection):
    kept, _ = smaller(MINE, selection)
    for each in kept:
        said = tables.meaning(each.type)
        tied = {f"{each.type}.{said.subject}"}
        tied |= {f"{each.type}.{path}" for path in said.codes}
        if selection.data_from or selection.data_until:
            tied |= {f"{each.type}.{path}" for path in chain(*SEMANTICS.day_paths(each.type))}
        own = [cut.fields for cut in selection.cuts if each.type in cut.types]
        some = [few for n in range(len(own) + 1) for few in combinations(own, n)]
        chosen = [[path for fields in few for path in fields] for few in some]
        found = [list(_allowed(each.type, each.tree, each.type, paths, tied)) for paths in chosen]
        assert [] in found, found[-1]


def _mark(shape, tree):
    """Put the same words into every field that somebody may have typed into."""
    for name, value in tree.items():
        element = SEMANTICS.elements(shape).get(name)
        if element is None:
            continue
        if element.part in TEXTS and isinstance(value, str):
            tree[name] = "<div>WORDS THAT SOMEBODY TYPED</div>"
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict) and element.shape:
                _mark(element.shape, each)


MARKED = copy.deepcopy(MINE)
for _each in MARKED:
    _mark(_each.type, _each.tree)


@given(selections())
def test_no_word_that_somebody_typed_leaves_without_consent(selection):
    kept, _ = smaller(MARKED, selection)
    assert selection.free_text or b"WORDS THAT SOMEBODY TYPED" not in written(kept)


@given(selections(), st.data())
def test_a_record_that_was_tampered_with_still_only_gives_what_was_chosen(selection, data):
    resources = copy.deepcopy(MINE)
    for _ in range(6):
        tree = data.draw(st.sampled_from(resources)).tree
        if not isinstance(tree, dict) or not tree:
            continue
        name = data.draw(st.sampled_from(sorted(tree)))
        strange = st.sampled_from(
            [None, [], {}, [[]], "HIDDEN", 7, True, {"HIDDEN": "HIDDEN"}, [{"reference": "x"}]]
        )
        deed = data.draw(st.sampled_from(["change", "rename", "drop"]))
        value = tree.pop(name)
        if deed == "change" and name != "resourceType":
            tree[name] = data.draw(strange)
        elif deed == "rename":
            tree[name + data.draw(st.sampled_from(["\u200b", " ", "ｘ"]))] = value
    came = {id(each): each for each in resources}
    kept, _ = smaller(resources, selection) if _has_me(resources) else ([], None)
    for each in kept:
        assert any(is_part_of(each.tree, other.tree) for other in came.values())
        assert "HIDDEN" not in each.tree


def _has_me(resources):
    return any(each.type == "Patient" and each.id == ME.id for each in resources)


@given(selections())
def test_many_resources_are_cut_as_few_are(selection):
    few = smaller([*MINE, *YOURS], selection)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(minimise, "HELD", 0)
        assert smaller([*MINE, *YOURS], selection) == few
