"""Budgets under attack: races, killed charges, second draws."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest

from sekisho.errors import NotFound, Refused, UsageError, fault
from sekisho.model.budget import BudgetCharge, Spent
from sekisho.model.entry import Entry, EntryKind
from sekisho.stores.sql import open_store
from sekisho.terms import Lane
from tests.lib.stores import NOW, new_address, new_store

BOTH = pytest.mark.parametrize(
    "backend", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
MOST = Decimal("1.0")
CHARGE = BudgetCharge(
    "r1", "trade", "people", "2026", "gaussian", Decimal("0.1"), Decimal("1e-12"),
    Decimal("0.5"), "clerk", "dpv:OfficialStatistics", "query", NOW,
)  # fmt: skip


def charged(charge: BudgetCharge) -> Entry:
    public = {"dataset": charge.dataset, "period": charge.period, "epsilon": "0.5"}
    return Entry(EntryKind.BUDGET_CHARGED, NOW, "trade", Lane.STATISTICS, public=public)


def admit(before: Spent, charge: BudgetCharge) -> Spent:
    loss = before.loss + charge.loss
    if loss > MOST:
        raise Refused(fault("privacy.delta_exhausted"))
    return Spent(charge.measure, loss, before.delta + charge.delta)


def ask(store, charge: BudgetCharge):
    try:
        return store.charge([charge], [charged(charge)], admit)
    except Refused:
        return "refused"


@BOTH
def test_two_hundred_concurrent_charges_never_overspend(backend, tmp_path):
    where = new_address(backend, tmp_path)
    stores = [open_store(where) for _ in range(4)]
    start = threading.Barrier(40)

    def one(number):
        if number < 40:
            start.wait()
        return ask(stores[number % 4], replace(CHARGE, request=f"r{number}"))

    with ThreadPoolExecutor(40) as pool:
        said = list(pool.map(one, range(200)))
    assert said.count(True) == 10
    assert said.count("refused") == 190
    store = stores[0]
    assert store.spent("trade", "people", "2026").loss == MOST
    assert sum(each.loss for each in store.charges("trade")) == MOST
    assert store.entry_count() == 10
    for each in stores:
        each.close()


@BOTH
def test_a_request_asked_by_many_at_once_is_charged_once(backend, tmp_path):
    store = new_store(backend, tmp_path)
    start = threading.Barrier(16)

    def one(_number):
        start.wait()
        return ask(store, CHARGE)

    with ThreadPoolExecutor(16) as pool:
        said = list(pool.map(one, range(16)))
    assert (said.count(True), said.count(False)) == (1, 15)
    assert store.spent("trade", "people", "2026").loss == CHARGE.loss
    assert store.entry_count() == 1
    store.close()


@BOTH
def test_a_charge_to_several_ledgers_is_whole_or_absent(backend, tmp_path):
    store = new_store(backend, tmp_path)
    full = replace(CHARGE, request="r0", period="2027", loss=MOST)
    assert ask(store, full) is True
    pair = [replace(CHARGE, request="r1"), replace(CHARGE, request="r1", period="2027")]
    with pytest.raises(Refused):
        store.charge(pair, [charged(each) for each in pair], admit)
    assert store.spent("trade", "people", "2026") == Spent()
    assert [each.request for each in store.charges()] == ["r0"]
    assert store.entry_count() == 1
    with pytest.raises(UsageError):
        store.charge(pair, [charged(pair[0])], admit)
    store.close()


@BOTH
def test_only_the_first_of_many_draws_is_kept(backend, tmp_path):
    store = new_store(backend, tmp_path)
    with pytest.raises(NotFound):
        store.save_draw("r1", b"drawn before it was charged")
    ask(store, CHARGE)
    assert store.drawn("r1") is None
    start = threading.Barrier(16)

    def one(number):
        start.wait()
        return store.save_draw("r1", str(number).encode())

    with ThreadPoolExecutor(16) as pool:
        kept = set(pool.map(one, range(16)))
    assert kept == {store.drawn("r1")}
    store.close()


@BOTH
def test_charges_come_back_exactly(backend, tmp_path):
    store = new_store(backend, tmp_path)
    tiny = replace(CHARGE, loss=Decimal("0.0312345678901234567890"), delta=Decimal("1.50E-21"))
    ask(store, tiny)
    assert store.charges("trade", "r1") == [replace(tiny, entry_index=0)]
    assert store.charges("other") == []
    assert store.spent("trade", "people", "2026") == Spent("gaussian", tiny.loss, tiny.delta)
    store.close()
