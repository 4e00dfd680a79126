import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from types import UnionType
from typing import Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.errors import Fault, TamperedError, UsageError, fault
from sekisho.model.decision import Decision
from sekisho.model.release import Job, Release
from sekisho.model.table import SUPPRESSED, Row, Suppressed, Table
from sekisho.model.text import Text
from sekisho.stores.codec import from_json, read_instant, to_json, write_instant
from sekisho.terms import JobState, ReleaseState
from tests.lib import releases as examples

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
instants = st.datetimes(timezones=st.just(UTC)).map(lambda at: at.replace(fold=0))
decimals = st.decimals(allow_nan=False, allow_infinity=False)
PLAIN = {
    str: words,
    int: st.integers(),
    bool: st.booleans(),
    type(None): st.none(),
    Decimal: decimals,
    date: st.dates(),
    datetime: instants,
    Suppressed: st.just(SUPPRESSED),
}
PLAIN[object] = st.one_of(*(each for kind, each in PLAIN.items() if kind is not Suppressed))


def values(kind):
    """Every value that a type of the model allows: what it gains later is tried too."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind in PLAIN:
        return PLAIN[kind]
    if origin in (Union, UnionType):
        return st.one_of(*map(values, inner))
    if origin is tuple:
        many = st.lists(values(inner[0]), max_size=2).map(tuple)
        return many if inner[1:] == (...,) else st.tuples(*map(values, inner))
    if origin is Mapping:
        return st.dictionaries(values(inner[0]), values(inner[1]), max_size=2)
    if issubclass(kind, StrEnum):
        return st.sampled_from(kind)
    assert is_dataclass(kind), kind
    hints = get_type_hints(kind)
    return st.builds(kind, **{each.name: values(hints[each.name]) for each in fields(kind)})


def same(value, kind):
    """Equal, and printed alike: `1.50` is not `1.5`, an int is no Decimal."""
    back = from_json(to_json(value, kind), kind)
    assert back == value
    assert repr(back) == repr(value)


@given(values(Table))
def test_a_table_comes_back_exactly(table):
    same(table, Table)


@given(values(Decision))
def test_a_decision_comes_back_exactly(decision):
    same(decision, Decision)


@given(values(Release))
def test_a_release_comes_back_exactly(release):
    same(release, Release)


@given(values(Job))
def test_a_job_comes_back_exactly(job):
    same(job, Job)


@given(instants)
def test_an_instant_comes_back_exactly(at):
    assert read_instant(write_instant(at)) == at


@given(instants, instants)
def test_text_order_of_instants_is_time_order(one, other):
    assert (write_instant(one) < write_instant(other)) == (one < other)


def test_the_demo_table_comes_back_exactly():
    same(examples.purchases(), Table)
    same(examples.release(), Release)


def test_each_kind_of_cell_is_written_in_its_own_way():
    rows = tuple(Row((), cell) for cell in (7, Decimal("7.0"), SUPPRESSED))
    said = json.loads(to_json(rows, tuple[Row, ...]))
    assert [row["cell"] for row in said] == [7, "7.0", {"suppressed": True}]


@pytest.mark.parametrize(
    "cell", [True, None, 1.5, Decimal("NaN"), Decimal("Infinity"), "7", Decimal("sNaN")]
)
def test_what_is_no_cell_is_not_written(cell):
    with pytest.raises(UsageError):
        to_json(Row((), cell), Row)


@pytest.mark.parametrize(
    "cell", ["null", "true", "1.5", '"NaN"', '"x"', '{"suppressed":false}', "{}", "[]", "NaN"]
)
def test_what_is_no_cell_is_not_read(cell):
    with pytest.raises(TamperedError):
        from_json(f'{{"groups":[],"cell":{cell}}}', Row)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"en":"a"}', '{"en":1,"ja":"b"}', '{"en":"a","ja":"b","fr":"c"}'],
)
def test_a_damaged_value_is_refused(text):
    with pytest.raises(TamperedError):
        from_json(text, Text)


def test_kinds_that_look_the_same_in_json_are_not_taken():
    with pytest.raises(UsageError):
        to_json("1", str | Decimal)


def test_a_deep_nest_is_refused():
    with pytest.raises(TamperedError):
        from_json("[" * 100_000, Table)


def test_a_field_that_the_model_gained_takes_its_default():
    job = Job("j", "load", "clerk", {}, JobState.QUEUED, attempts=3)
    said = json.loads(to_json(job, Job))
    del said["attempts"]
    assert from_json(json.dumps(said), Job).attempts == 0


def test_a_value_of_another_kind_is_not_written():
    with pytest.raises(UsageError):
        to_json(Text("a", "b"), Row)
    with pytest.raises(UsageError):
        to_json(datetime(2026, 1, 1, tzinfo=UTC), date)


def test_what_a_fault_shows_is_kept_as_the_text_that_it_shows():
    wide = fault("store.release-state", state=ReleaseState.OPEN, other=[1, 2])
    back = from_json(to_json(wide, Fault), Fault)
    assert back.fields == {"state": "open", "other": "[1, 2]"}
    assert back.sentence() == wide.sentence()
