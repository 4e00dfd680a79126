"""A chosen bound through the gate: charged whole before anything is drawn, and shown with its why."""

import json
import random
import re
from decimal import Decimal

import pytest

from sekisho.engines import bounding
from sekisho.errors import ProgrammeError, StorageError, UsageError, fault
from sekisho.terms import Language
from tests.lib.private import (
    OWNER,
    PLAN,
    PROGRAMME,
    PURPOSE,
    write_programme,
    write_trips,
)

MONTHS = (
    "SELECT DATE_TRUNC('month', day) AS month, COUNT(DISTINCT person) AS people "
    "FROM trips GROUP BY 1"
)
"""Twenty-four months: a person may stand in all of them."""


def trips(seed: int, people: int = 3000) -> list[str]:
    """Most people travel in a few months, some in many."""
    chance, lines = random.Random(seed), []
    for person in range(1, people + 1):
        for month in chance.sample(range(24), min(24, 1 + int(chance.expovariate(0.2)))):
            day = f"{2024 + month // 12}-{1 + month % 12:02d}-15"
            area = chance.choice(["east", "north", "south"])
            lines.append(f"{person},{area},{day},{chance.randint(1, 900) / 10:.1f}")
    return lines


def undeclared(folder, plan: str = ""):
    """The small programme without a declared contribution, and words for its plan's."""
    root = write_programme(folder, epsilon="6")
    dataset, release = root / "datasets/trips.toml", root / f"releases/{PLAN}.toml"
    text = dataset.read_text("utf-8")
    dataset.write_text(re.sub(r"\[sekisho.contribution\]\n(\w+ = \d+\n)+", "", text), "utf-8")
    if plan:
        said = release.read_text("utf-8").replace(
            "[measure]", f"[contribution]\n{plan}\n\n[measure]"
        )
        release.write_text(said, "utf-8")
        sql = "SELECT area, COUNT(*) AS trips FROM trips GROUP BY ROLLUP (area)\n"
        (root / f"releases/{PLAN}.sql").write_text(sql, "utf-8")
    return root


def made(folder, plan: str = ""):
    import sekisho

    node = sekisho.init(folder / "node", OWNER)
    node.add_programme(undeclared(folder, plan))
    node.load(PROGRAMME, "trips", write_trips(folder / "trips.csv", trips(1)))
    return node


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with made(tmp_path_factory.mktemp("chosen")) as opened:
        yield opened


def ask(node, sql=MONTHS, epsilon="1", **more):
    return node.query(PROGRAMME, sql, purpose=PURPOSE, epsilon=epsilon, **more)


def test_where_nothing_is_declared_the_bound_is_chosen_and_said_before_and_after(shared):
    quote = ask(shared, dry_run=True)
    assert "chosen from a noisy count" in " ".join(quote.lines(Language.EN))
    assert "square root of the number of groups" in " ".join(quote.lines(Language.EN))
    assert any("whatever the size" in line for line in quote.explain(Language.EN))
    answer = ask(shared)
    (limit,) = answer.table.limits
    assert limit.by == "chosen"
    assert 2 <= limit.value <= 24
    assert limit.factor is not None
    for language in (Language.EN, Language.JA):
        said = " ".join(answer.notes(language))
        assert f"{limit.value}" in said
        assert f"{limit.factor:.3f}" in said
    assert shared.questions.faults(answer.folder) == []


def test_the_papers_hold_the_choice_its_sizes_and_what_was_counted(shared):
    answer = ask(shared)
    said = json.loads(answer.files["answer.json"].read_text("utf-8"))
    (bound,) = said["bounds"]
    (limit,) = answer.table.limits
    assert (bound["by"], bound["counts_fully_up_to"]) == ("chosen", f"{limit.value}")
    assert Decimal(bound["share_of_loss"]) == Decimal("0.02")
    assert bound["sizes"][0]["from"] == "1"
    assert len(bound["sizes"]) == len(limit.bins)
    assert "correction" in said["interval"]
    for row in said["rows"]:
        number = row["people"]
        assert number["counted"]["value"] < number["value"]
        assert number["low"] <= number["value"] <= number["high"]
        wide, noise = (n["high"] - n["low"] for n in (number, number["counted"]))
        assert wide > noise


def test_asked_again_it_is_the_same_choice_and_costs_nothing(shared):
    first = ask(shared)
    charges = len(shared._house.store.charges())
    assert ask(shared).table == first.table
    assert len(shared._house.store.charges()) == charges


def test_who_asks_may_name_a_bound_or_leave_it_to_be_chosen(shared):
    named = ask(shared, contribution={"groups": 5}).table.limits[0]
    assert (named.by, named.value) == ("declared", 5)
    assert named.speaks_for is not None
    again = ask(shared, contribution={"groups": "chosen"}, dry_run=True)
    assert again.expected[0].chosen == "root"
    for bounds in ({"groups": "perhaps"}, {"found_groups": "chosen"}, {"groups": "earlier"}):
        with pytest.raises(UsageError):
            ask(shared, contribution=bounds)
    with pytest.raises(UsageError):
        ask(shared, contribution={"sampled": True})


def test_stopped_between_sizes_and_sums_it_was_charged_once_and_tells_nothing(tmp_path):
    def broken(_bound):
        raise StorageError(fault("query.storage"))

    with made(tmp_path) as node:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(bounding, "settled_sql", broken)
            with pytest.raises(StorageError):
                ask(node)
        (state,) = node.budgets()
        (charge,) = state.charges
        assert state.undrawn == {charge.request}
        assert node._house.store.drawn(charge.request) is None
        assert ask(node).entries == (charge.entry_index,)
        (state,) = node.budgets()
        assert (len(state.charges), state.undrawn) == (1, frozenset())
        assert not list((tmp_path / "node" / "spill").glob("*/rows*"))


def test_a_plan_takes_over_what_its_earlier_release_chose_and_each_stays_what_it_is(tmp_path):
    with made(tmp_path, 'groups = "earlier"') as node:
        first = node.release(PROGRAMME, PLAN)
        assert node.release(PROGRAMME, PLAN).release == first.release
        assert [each.by for each in first.release.cost.limits] == ["chosen"]
        node.load(PROGRAMME, "trips", write_trips(tmp_path / "more.csv", trips(2, 500)))
        second = node.release(PROGRAMME, PLAN)
        assert [each.by for each in second.release.cost.limits] == ["earlier"]
        (old,), (new,) = first.release.cost.limits, second.release.cost.limits
        assert (old.value, old.kind) == (new.value, new.kind)
        assert node.release(PROGRAMME, PLAN).release == second.release
        assert len(node._house.store.charges()) == 2
        for each in (first, second):
            assert node.verify_certificate(each.id) == []
        paper = json.loads(second.files[f"{PLAN}.json"].read_text("utf-8"))
        assert paper["about"]["privacy"]["bounds"][0]["by"] == "earlier"


def test_groups_kept_by_hash_cannot_be_chosen_in_a_declaration(tmp_path):
    import sekisho

    with (
        sekisho.init(tmp_path / "node", OWNER) as node,
        pytest.raises(ProgrammeError, match="cannot be chosen"),
    ):
        node.add_programme(undeclared(tmp_path, 'groups = "chosen"\nsampled = true'))
