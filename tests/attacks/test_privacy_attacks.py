"""Attacks on private releases that must fail, each with a copy that shows the attack works."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linprog

from sekisho.errors import QueryError, Refused
from sekisho.lanes.statistics.privacy.answer import answer, answers_at, request_digest
from sekisho.lanes.statistics.privacy.draw import draw, from_bytes, to_bytes
from sekisho.lanes.statistics.privacy.finish import finish
from sekisho.lanes.statistics.privacy.ledger import LossMeasure, after_charge, open_ledger
from sekisho.lanes.statistics.privacy.measures import Contribution
from sekisho.lanes.statistics.privacy.plan_bounding import plan_release
from sekisho.ports import Sources
from sekisho.query.bound import projection
from sekisho.query.parse import parse
from sekisho.query.render import Renderer
from tests.lib.privacy import NoNoise, SeededNoise, run_bound, sums_of, table_from, table_of
from tests.lib.privacy_constructs import (
    ANSWERS,
    AREAS,
    CONSTRUCTS,
    REGIONS,
    TABLES,
    TRIPS,
    database,
    ledger_of,
    planned,
    scores,
    survey,
    without,
)

COUNT = "SELECT region, COUNT(*) AS trips FROM trips GROUP BY region"
SURVEY = database(survey(4), scores(4))
NOWHERE = Sources({}, {})


class Survey:
    """An engine over the survey; it tells when it was asked."""

    def __init__(self):
        self.asked = 0

    def bounded(self, bound, sources, watch):  # noqa: ARG002 - the port's
        self.asked += 1
        return run_bound(bound, Renderer().source(projection(bound)), SURVEY)


# ------------------------------------------------------------------------------- averaging


def test_asking_again_gives_the_same_request_in_every_process():
    deliveries = {"trips": ("sha-1", "sha-2")}
    here = request_digest(planned(COUNT), deliveries, "programme")
    code = (
        "from tests.lib.privacy_constructs import planned\n"
        "from sekisho.lanes.statistics.privacy.answer import request_digest\n"
        f"print(request_digest(planned({COUNT!r}), {deliveries!r}, 'programme'))"
    )
    root = Path(__file__).resolve().parents[2]
    for seed in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)}
        said = subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, check=True
        )
        assert said.stdout.decode().strip() == here


def test_other_words_for_the_same_question_are_the_same_request():
    spaced = "select  region, count( * ) as trips\nfrom trips group by region -- a comment"
    asked = [request_digest(planned(sql), {}, "p") for sql in (COUNT, spaced)]
    assert asked[0] == asked[1]
    assert request_digest(planned(COUNT, epsilon="0.5"), {}, "p") != asked[0]
    assert request_digest(planned(COUNT), {"trips": ("other",)}, "p") != asked[0]


def test_averaging_over_slightly_different_questions_runs_into_the_budget():
    ledger, asked = open_ledger(LossMeasure.GAUSSIAN, Decimal(1), Decimal("1e-9")), 0
    for age in range(100):
        query = parse(f"SELECT COUNT(*) AS n FROM trips WHERE age <> {age}", [TRIPS], [], "q.sql")
        plan = plan_release(query, TABLES, Contribution(), ledger, Decimal("0.25"))
        try:
            ledger = after_charge(ledger, plan.charge)
        except Refused:
            break
        asked += 1
    assert asked == 14


def test_nothing_is_drawn_or_read_when_the_budget_does_not_hold_it():
    ledger = open_ledger(LossMeasure.GAUSSIAN, Decimal("0.5"), Decimal("1e-9"))
    engine, noise = Survey(), SeededNoise()
    with pytest.raises(Refused, match="left"):
        answer(planned(COUNT), ledger, engine, NOWHERE, noise)
    assert engine.asked == 0
    assert noise.drawn == 0


# ------------------------------------------------------------------------------ differencing


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT COUNT(*) AS n FROM trips WHERE person <> 7",
        "SELECT person, COUNT(*) AS n FROM trips GROUP BY person",
        "SELECT COUNT(*) AS n FROM trips GROUP BY person % 2",
        "SELECT SUM(LEAST(person, 10)) AS n FROM trips",
        "SELECT CASE WHEN person = 7 THEN 1 ELSE 0 END AS me, COUNT(*) AS n FROM trips GROUP BY 1",
        "WITH p AS (SELECT person, person AS who FROM trips) SELECT who, COUNT(*) AS n FROM p GROUP BY who",
        "SELECT COUNT(*) AS n FROM trips HAVING MAX(person) > 3",
        "SELECT COUNT(*) AS n FROM trips ORDER BY MAX(person)",
        "SELECT MAX(minutes) AS n FROM trips",
        "SELECT a.region, COUNT(*) AS n FROM trips a JOIN answers b ON a.age = b.score GROUP BY a.region",
        "SELECT COUNT(*) AS n FROM trips a JOIN trips b ON a.region = b.region",
        "WITH r AS (SELECT region, COUNT(*) AS n FROM trips GROUP BY region) SELECT SUM(n) AS n FROM r",
        "SELECT SUM(fare) AS n FROM trips",
        "SELECT SUM(fare * fare) AS n FROM trips",
        "SELECT COUNT(*) AS n FROM trips WHERE fare * fare > 10",
        "SELECT COUNT(*) AS n FROM trips WHERE ABS(fare) > 10",
        "WITH m AS (SELECT person, MEDIAN(age) AS a FROM trips GROUP BY person) SELECT SUM(a) AS n FROM m",
        "SELECT region, COUNT(*) AS n FROM trips WHERE 1 / (age - 30) > 0 GROUP BY region",
        "SELECT COUNT(*) AS n FROM trips UNION ALL SELECT COUNT(*) AS n FROM trips",
        "SELECT * FROM trips",
        "SELECT region, RANDOM() AS n FROM trips GROUP BY region",
        "SELECT region, COUNT(*) OVER () AS n FROM trips",
        "SELECT shop, COUNT(*) AS n FROM trips GROUP BY ROLLUP (shop)",
        "SELECT region, COUNT(DISTINCT shop) AS n FROM trips GROUP BY ROLLUP (region)",
        "SELECT CAST(fare AS REAL) AS x, COUNT(*) AS n FROM trips GROUP BY 1",
        "SELECT region, COUNT(*) AS n FROM trips GROUP BY region;; DROP TABLE trips",
        "SELECT region, region AS region, COUNT(*) AS n FROM trips GROUP BY region",
        "WITH trips AS (SELECT person FROM trips) SELECT COUNT(*) AS n FROM trips",
        "",
    ],
)
def test_what_cannot_be_proved_is_refused_before_a_row_is_read(sql):
    with pytest.raises(QueryError) as refused:
        planned(sql)
    assert all(fault.sentence() for fault in refused.value.faults)


def test_two_tables_around_one_person_differ_by_noise_not_by_the_person():
    plan = planned(COUNT, Contribution(groups=1))
    whole = sums_of(plan, without(SURVEY, None))
    less = sums_of(plan, without(SURVEY, 2))
    without(SURVEY, None)
    apart = []
    for seed in range(300):
        tables = (
            table_from(plan, whole, SeededNoise(seed)),
            table_from(plan, less, SeededNoise(seed + 1000)),
        )
        apart.append(
            tables[0].rows[0].numbers["trips"].value - tables[1].rows[0].numbers["trips"].value
        )
    noise = table_from(plan, whole, NoNoise()).rows[0].numbers["trips"].standard_error
    assert np.std(apart) > 0.5 * noise
    assert abs(np.mean(apart)) < 0.3 * noise


# ------------------------------------------------------------------------ presence and groups


def test_rows_shown_are_the_same_whoever_takes_part():
    titles = ("CUBE", "Days", "CASE", "Joining a public look-up table", "Totals of distinct units")
    empty = database([], [])
    for each in CONSTRUCTS:
        if each.title in titles:
            plan = planned(each.sql)
            whole = [row.groups for row in table_of(plan, SURVEY, SeededNoise(1)).rows]
            assert whole == [row.groups for row in table_of(plan, empty, SeededNoise(1)).rows]


def test_a_group_of_ones_own_never_shows_although_one_has_a_million_rows():
    mine = "SELECT shop, COUNT(*) AS n FROM trips GROUP BY shop"
    plan = planned(mine, Contribution(groups=3, found_groups=50), epsilon="4")
    alone = database([], [])
    alone.execute(
        "INSERT INTO trips SELECT 7, DATE '2020-04-01', 'north', 30, 10, 1, 'work', "
        "TIMESTAMP '2020-04-01 08:00:00', 'only-mine-' || (i % 40), 5 FROM range(1000000) r(i)"
    )
    sums = sums_of(plan, alone)
    for seed in range(200):
        assert table_from(plan, sums, SeededNoise(seed)).rows == ()


def test_ten_million_listed_groups_are_refused_before_a_row_is_read():
    by = "age, day, balance, region, purpose"
    hour = "EXTRACT(HOUR FROM left_at)"
    with pytest.raises(QueryError) as refused:
        planned(f"SELECT {by}, {hour} AS h, COUNT(*) AS n FROM trips GROUP BY {by}, {hour}")
    assert [each.code for each in refused.value.faults] == ["privacy.too_many_groups"]


def test_however_many_groups_are_found_nothing_is_refused_after_the_charge():
    """A refusal would tell of the number of groups, which nothing was paid for."""
    plan = planned(
        "SELECT shop, COUNT(*) AS n FROM trips GROUP BY shop",
        Contribution(groups=3, found_groups=20),
        epsilon="4",
    )
    few = plan.charge
    crowd = database([], [])
    crowd.execute(
        "INSERT INTO trips SELECT i // 20, DATE '2020-04-01', 'north', 30, 10, 1, 'work', "
        "TIMESTAMP '2020-04-01 08:00:00', 'shop-' || i, 5 FROM range(60000) r(i)"
    )
    table = table_from(plan, sums_of(plan, crowd), SeededNoise(1))
    assert table.rows == ()
    assert table.charge == few


def test_the_list_of_groups_comes_from_declarations_even_when_data_hold_more():
    odd = [(n, *row[1:2], "elsewhere", *row[3:]) for n, row in enumerate(survey(1))]
    shown = table_of(planned(COUNT), database(odd, []), NoNoise())
    assert shown.column("region") == ["north", "south", "west"]
    assert shown.column("trips") == [0, 0, 0]


# ----------------------------------------------------------------- low bits, overflow, big units


def test_no_published_number_is_a_binary_fraction():
    for each in CONSTRUCTS[:8] + CONSTRUCTS[-8:]:
        table = table_of(planned(each.sql), SURVEY, SeededNoise(3))
        values = [number.value for row in table.rows for number in row.numbers.values()]
        assert all(isinstance(value, int | Decimal | str | None) for value in values)


def test_all_that_is_kept_of_a_draw_is_integers_whose_noise_covers_every_low_bit():
    plan = planned("SELECT region, SUM(minutes) AS minutes FROM trips GROUP BY region")
    drawn = draw(plan, lambda _: sums_of(plan, SURVEY), SeededNoise(5))
    assert all(block.dtype == np.int64 for block in drawn.blocks.values())
    assert to_bytes(from_bytes(to_bytes(drawn))) == to_bytes(drawn)
    assert finish(plan, from_bytes(to_bytes(drawn))) == finish(plan, drawn)
    bits = {int(value) & 7 for block in drawn.blocks.values() for value in block.flat}
    assert len(bits) > 1


def test_huge_amounts_neither_stop_the_query_nor_pass_their_clamp():
    sql = "SELECT region, SUM(LEAST(GREATEST(fare, 0), 500)) AS fares FROM trips GROUP BY region"
    plan = planned(sql, Contribution(groups=40, rows=40))
    poisoned = [(n, *row[1:9], (-1) ** n * (2**63 - 1)) for n, row in enumerate(survey(6))]
    table = table_of(plan, database(poisoned, []), NoNoise())
    people = sum(row[9] > 0 for row in poisoned)
    assert sum(table.column("fares")) == 500 * people


def test_a_person_with_a_million_rows_counts_no_more_than_declared():
    plan = planned(COUNT, Contribution(groups=2, rows=3))
    crowd = database([], [])
    crowd.execute(
        "INSERT INTO trips SELECT 7, DATE '2020-04-01', ['north','south','west'][1 + i % 3], 30, 10, "
        "1, 'work', TIMESTAMP '2020-04-01 08:00:00', 'x', 5 FROM range(1000000) r(i)"
    )
    values = table_of(plan, crowd, NoNoise()).column("trips")
    assert sum(value**2 for value in values) <= 2 * 3**2 + 3
    nobody = sums_of(plan, database([], []))
    someone = sums_of(plan, crowd)
    moved = sum(int(x) ** 2 for x in (someone.blocks[0, 0] - nobody.blocks[0, 0]).flat)
    assert moved <= plan.bundles[0].clip.sensitivity ** 2


def test_dividing_by_zero_has_no_value_and_stops_nothing():
    sql = "SELECT region, ROUND(SUM(minutes) / SUM(balance), 2) AS odd FROM trips GROUP BY region"
    table = table_of(planned(sql), database([], []), NoNoise())
    assert table.column("odd") == [None, None, None]


def test_a_clamp_counts_also_when_a_later_step_reuses_the_name():
    sql = (
        "WITH a AS (SELECT person, LEAST(minutes, 10) AS minutes FROM trips), "
        "b AS (SELECT person, minutes * 50 AS minutes FROM a) SELECT SUM(minutes) AS total FROM b"
    )
    amount = planned(sql).bound.vectors[0].amounts[0]
    assert (amount.lower, amount.upper) == (0, 5000)


def test_a_missing_amount_adds_nothing_although_zero_lies_outside_the_clamp():
    sql = "SELECT SUM(LEAST(GREATEST(NULLIF(age, 30), 10), 20)) AS total FROM trips"
    thirty = [(n, *row[1:3], 30, *row[4:]) for n, row in enumerate(survey(1))]
    plan = planned(sql, Contribution(groups=1, rows=1))
    clamped = table_of(plan, database(thirty, []), NoNoise()).column("total")
    assert clamped == [10 * len(thirty)]
    plain = planned("SELECT SUM(NULLIF(balance, 0)) AS total FROM trips", Contribution(rows=1))
    assert table_of(plain, database([], []), NoNoise()).column("total") == [0]


# -------------------------------------------------------------------------------- starvation


def test_no_group_is_starved_because_of_its_place_in_the_order():
    draw_of = np.random.default_rng(11)
    base, rows = survey(1)[0], []
    for person in range(3000):
        for place in draw_of.permutation(21)[: int(draw_of.geometric(0.12))]:
            day, region = date(2020, 4, 1 + int(place) // 3), REGIONS[int(place) % 3]
            rows.append((person, day, region, *base[3:]))
    many = database(rows, [])
    sql = "SELECT day, region, COUNT(DISTINCT person) AS n FROM trips GROUP BY day, region"
    kept = np.array(table_of(planned(sql, Contribution(groups=2)), many, NoNoise()).as_counted("n"))
    whole = np.array(table_of(planned(sql, Contribution(groups=99)), many, NoNoise()).column("n"))
    share = kept / whole
    assert share.max() - share.min() < 0.1
    assert abs(np.corrcoef(np.arange(21), share)[0, 1]) < 0.5
    assert share.max() < 0.95


# ------------------------------------------------------------------------ messages and clocks


def test_a_refusal_reads_the_same_whatever_the_data_hold():
    ledger = open_ledger(LossMeasure.GAUSSIAN, Decimal("0.5"), Decimal("1e-9"))
    said = set()
    for rows in ([], survey(1), survey(2)):
        database(rows, [])
        with pytest.raises(Refused) as refused:
            after_charge(ledger, planned(COUNT).charge)
        said.add(str(refused.value))
    assert len(said) == 1


def test_answers_appear_at_fixed_steps_however_long_they_took():
    asked = datetime(2026, 4, 1, 9, 0, 0, tzinfo=UTC)
    step = timedelta(seconds=5)
    for seconds in (0.1, 1.7, 4.9):
        assert answers_at(asked, asked + timedelta(seconds=seconds), step) == asked + step
    assert answers_at(asked, asked + timedelta(seconds=5.1), step) == asked + 2 * step


def test_sums_before_noise_do_not_show_in_a_traceback():
    assert "array" not in repr(sums_of(planned(COUNT), SURVEY))


# ---------------------------------------------------------------------------- reconstruction


def reconstructed(secrets, queries, answers):
    """The attack of Dinur and Nissim: the 0/1 table nearest to all answers, by linear program."""
    people, asked = queries.shape[1], queries.shape[0]
    cost = np.concatenate([np.zeros(people), np.ones(asked)])
    upper = np.block([[queries, -np.eye(asked)], [-queries, -np.eye(asked)]])
    limit = np.concatenate([answers, -answers])
    bounds = [(0, 1)] * people + [(0, None)] * asked
    found = linprog(cost, A_ub=upper, b_ub=limit, bounds=bounds).x[:people]
    return float(((found > 0.5) == secrets).mean())


def test_many_releases_of_a_small_table_do_not_give_the_table():
    people, asked = 40, 80
    draw_of = np.random.default_rng(17)
    secrets = draw_of.random(people) < 0.5
    base = survey(1)[0]
    rows = [(n, *base[1:3], n, base[4], int(secret), *base[6:]) for n, secret in enumerate(secrets)]
    small = database(rows, [])
    queries = (draw_of.random((asked, people)) < 0.5).astype(float)
    ledger, bare, noisy = ledger_of(), [], []
    for number, chosen in enumerate(queries):
        ages = ", ".join(str(n) for n in np.flatnonzero(chosen))
        sql = f"SELECT SUM(LEAST(GREATEST(balance, 0), 1)) AS n FROM trips WHERE age IN ({ages})"
        query = parse(sql, [TRIPS], [], "q.sql")
        plan = plan_release(query, TABLES, Contribution(), ledger, Decimal("0.1"))
        ledger = after_charge(ledger, plan.charge)
        sums = sums_of(plan, small)
        bare.append(float(table_from(plan, sums, NoNoise()).column("n")[0]))
        noisy.append(float(table_from(plan, sums, SeededNoise(number)).column("n")[0]))
    assert reconstructed(secrets, queries, np.array(bare)) > 0.99
    assert reconstructed(secrets, queries, np.array(noisy)) < 0.75


def test_every_refusal_of_the_lane_speaks_two_languages():
    from sekisho.terms import Language
    from sekisho.text import codes

    english, japanese = (codes(language) for language in Language)
    mine = {code for code in english if code.startswith("privacy.")}
    assert mine == {code for code in japanese if code.startswith("privacy.")}


def test_the_test_noise_is_not_part_of_the_product():
    import sekisho.lanes.statistics.privacy.noise as module

    public = [name for name in vars(module) if "seed" in name.lower() or "test" in name.lower()]
    assert public == []


def test_a_dataset_without_a_privacy_unit_is_refused():
    nobody = replace(TRIPS, privacy_unit=None)
    with pytest.raises(QueryError):
        plan_release(
            parse(COUNT, [nobody, ANSWERS], [AREAS], "q.sql"),
            replace(TABLES, datasets={"trips": nobody}),
            Contribution(),
            ledger_of(),
            Decimal(1),
        )
