"""Several holders of one dataset: what each may learn, spoil or hide."""

import json
import shutil
from contextlib import closing
from dataclasses import replace
from datetime import date
from decimal import Decimal
from threading import Thread

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import sekisho
from sekisho.errors import Conflict, DeliveryError, NotFound, NotPermitted, Refused, UsageError
from sekisho.formats.pseudonyms import pseudonym
from sekisho.gate.answers import Asked, quote
from sekisho.gate.house import Call
from sekisho.gate.locks import held_if_free
from sekisho.gate.private import _sources
from sekisho.ports import Watch
from tests.lib import private
from tests.lib import shared_trips as shared

TRIPS = (private.PROGRAMME, "trips")


@pytest.fixture(scope="module")
def new_node(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shared")
    shared.make_node(folder).close()
    return folder / "node"


@pytest.fixture
def node(new_node, tmp_path):
    """A node of its own, copied from one that was made once."""
    shutil.copytree(new_node, tmp_path / "node")
    with sekisho.open(tmp_path / "node") as opened:
        yield opened


def codes(refused):
    return [each.code for each in refused.value.faults]


def test_yesterdays_file_again_counts_once(node, tmp_path):
    first = shared.bring(node, tmp_path, "alpha", range(20))
    again = shared.bring(node, tmp_path, "alpha", range(20))
    assert again == first


def test_another_holders_very_file_is_refused(node, tmp_path):
    shared.bring(node, tmp_path, "alpha", range(20))
    with pytest.raises(DeliveryError) as refused:
        shared.bring(node, tmp_path, "beta", range(20))
    assert codes(refused) == ["parts.others-file"]


def test_half_of_what_a_part_is_said_to_cover_is_refused(node, tmp_path):
    file = shared.write_part(
        tmp_path, "half", shared.lines(range(20), (shared.FIRST, date(2024, 1, 5)))
    )
    with pytest.raises(DeliveryError) as refused:
        node.as_("alpha-officer").load(*TRIPS, file, part=shared.said())
    assert codes(refused) == ["parts.days-missing"]


def test_days_of_another_zone_are_refused(node, tmp_path):
    moved = (date(2024, 1, 2), date(2024, 1, 11))
    file = shared.write_part(tmp_path, "moved", shared.lines(range(20), moved))
    with pytest.raises(DeliveryError) as refused:
        node.as_("alpha-officer").load(*TRIPS, file, part=shared.said())
    assert codes(refused) == ["parts.days-outside"]


def test_amounts_in_another_unit_are_refused(node, tmp_path):
    rows = [line.replace(",10.0", ",36000.0") for line in shared.lines(range(20))]
    file = shared.write_part(tmp_path, "seconds", rows)
    with pytest.raises(DeliveryError):
        node.as_("alpha-officer").load(*TRIPS, file, part=shared.said())


def test_devices_that_stand_twice_in_one_part_are_scaled_as_one(node, tmp_path):
    """A device written twice is one unit: its rows share one weight, in one part or in two."""
    shared.bring(node, tmp_path, "alpha", range(20))
    file = shared.write_part(tmp_path, "twice", shared.lines(range(15, 35)) * 2)
    delivered = node.as_("beta-officer").load(*TRIPS, file, part=shared.said())
    assert delivered.rows == 2 * 20 * 10


def test_pseudonyms_under_another_key_are_refused(node, tmp_path):
    file = shared.write_part(tmp_path, "other", shared.lines(range(20)), shared.OTHER_KEY)
    for said in (shared.said(key=shared.OTHER_KEY), None):
        with pytest.raises(DeliveryError) as refused:
            node.as_("alpha-officer").load(*TRIPS, file, part=said)
        assert codes(refused) == ["parts.other-key"]


def test_plain_identifiers_are_refused_and_not_repeated(node, tmp_path):
    file = private.write_trips(tmp_path / "plain.csv", shared.lines(range(3)))
    with pytest.raises(DeliveryError) as refused:
        node.as_("alpha-officer").load(*TRIPS, file, part=shared.said())
    assert not any("user-" in line for line in refused.value.sentences())


def test_nobody_brings_or_takes_back_another_holders_part(node, tmp_path):
    shared.bring(node, tmp_path, "alpha", range(20))
    file = shared.write_part(tmp_path, "x", shared.lines(range(5)))
    with pytest.raises(NotPermitted):
        node.load(*TRIPS, file, part=shared.said())
    with pytest.raises(NotPermitted):
        node.parts.take_back(*TRIPS)
    with pytest.raises(Conflict):
        node.as_("beta-officer").parts.take_back(*TRIPS)
    assert node.as_("alpha-officer").parts.own(*TRIPS).parts[0].withdrawn_index is None


def test_a_holder_sees_of_others_only_that_their_part_is_there(node, tmp_path):
    shared.bring(node, tmp_path, "alpha", range(20))
    seen = node.as_("beta-officer").parts.own(*TRIPS)
    assert (seen.parts, seen.present, seen.missing) == ((), ("alpha",), ("beta", "gamma"))


def test_a_holder_may_not_read_why_or_check_a_pattern_over_all_parts(node, tmp_path):
    shared.bring(node, tmp_path, "alpha", range(20))
    shared.bring(node, tmp_path, "beta", range(20, 40))
    made = node.release(private.PROGRAMME, "trips-2024")
    with pytest.raises(NotPermitted):
        node.as_("alpha-officer").verify_certificate(made.id)


def test_too_few_parts_name_who_is_missing(node, tmp_path):
    shared.bring(node, tmp_path, "alpha", range(20))
    with pytest.raises(Refused) as refused:
        node.release(private.PROGRAMME, "trips-2024")
    assert codes(refused) == ["parts.too-few"]
    assert "`beta`, `gamma`" in refused.value.sentences()[0]
    assert all(each.charges == () for each in node.budgets())


def test_a_part_that_ends_earlier_than_the_others_is_refused(node, tmp_path):
    shared.bring(node, tmp_path, "alpha", range(20))
    shared.bring(node, tmp_path, "beta", range(20, 40), (shared.FIRST, date(2024, 1, 9)))
    with pytest.raises(Refused) as refused:
        node.release(private.PROGRAMME, "trips-2024")
    assert codes(refused) == ["parts.other-days"]


def test_a_period_is_not_released_with_a_part_more_or_less(node, tmp_path):
    """The difference of the two would show how large the part is."""
    for number, carrier in enumerate(("alpha", "beta")):
        shared.bring(node, tmp_path, carrier, range(20 * number, 20 * number + 20))
    first = node.release(private.PROGRAMME, "trips-2024")
    assert first.release.parts.missing == ("gamma",)
    shared.bring(node, tmp_path, "gamma", range(40, 60))
    with pytest.raises(Refused) as refused:
        node.release(private.PROGRAMME, "trips-2024")
    assert codes(refused) == ["parts.others-before"]
    question = "SELECT COUNT(*) AS n FROM trips WHERE day <= DATE '2024-12-31'"
    with pytest.raises(Refused):
        node.query(private.PROGRAMME, question, purpose=private.PURPOSE, epsilon="0.5")
    node.as_("gamma-officer").parts.take_back(*TRIPS)
    again = node.release(private.PROGRAMME, "trips-2024")
    assert again.id == first.id


def test_the_release_after_a_part_was_taken_back_says_so(node, tmp_path):
    for number, carrier in enumerate(("alpha", "beta", "gamma")):
        people = range(20 * number, 20 * number + 20)
        shared.bring(node, tmp_path, carrier, people)
        if carrier != "gamma":
            shared.bring(node, tmp_path, carrier, people, shared.NEXT)
    first = node.release(private.PROGRAMME, "trips-2024")
    assert first.release.parts.missing == ()
    files = list((node.folder / "deliveries").rglob("*.parquet"))
    node.as_("gamma-officer").parts.take_back(*TRIPS)
    assert len(list((node.folder / "deliveries").rglob("*.parquet"))) == len(files) - 1
    assert node.verify_certificate(first.id) == []
    second = node.release(private.PROGRAMME, "trips-2025")
    assert second.release.parts.present == ("alpha", "beta")
    about = json.loads((second.folder / "release.json").read_text("utf-8"))
    assert about["holders"]["present"] == ["alpha", "beta"]
    assert about["holders"]["missing"] == ["gamma"]
    assert node.verify().passed


def test_a_part_that_was_taken_back_does_not_come_back(node, tmp_path):
    shared.bring(node, tmp_path, "alpha", range(20))
    node.as_("alpha-officer").parts.take_back(*TRIPS)
    with pytest.raises(Conflict):
        shared.bring(node, tmp_path, "alpha", range(20))


def test_a_part_must_say_its_days(node, tmp_path):
    file = shared.write_part(tmp_path, "x", shared.lines(range(5)))
    part = shared.SaidOfPart(shared.key_check(shared.KEY))
    with pytest.raises(UsageError) as refused:
        node.as_("alpha-officer").load(*TRIPS, file, part=part)
    assert codes(refused) == ["parts.days-unsaid"]


def test_no_release_without_any_part(node):
    with pytest.raises(NotFound):
        node.release(private.PROGRAMME, "trips-2024")


def test_one_person_has_one_pseudonym_however_the_name_is_composed():
    assert pseudonym(shared.KEY, "が") == pseudonym(shared.KEY, "か\u3099")
    assert pseudonym(shared.KEY, "a") != pseudonym(shared.OTHER_KEY, "a")
    assert pseudonym(shared.KEY, "a") != pseudonym(shared.KEY, "b")


def test_one_person_in_two_parts_weighs_as_much_as_in_one(node, tmp_path):
    """Weights come from all of a person's rows, whichever holders brought them."""
    shared.bring(node, tmp_path, "alpha", range(20))
    shared.bring(node, tmp_path, "beta", range(10, 30))
    question = "SELECT area, COUNT(*) AS n FROM trips WHERE day <= DATE '2024-12-31' GROUP BY area"
    asked = Asked(private.PROGRAMME, question, private.PURPOSE, Decimal(1))
    call = Call(node._house, node._actor)
    priced = quote(call, asked)
    sources = _sources(call.house, priced)
    dataset, files = sources.datasets["trips"]
    tables = [pq.read_table(file) for file in files]
    names = tables[1].column("person").to_pylist()
    strangers = pa.array([f"{int(name, 16) ^ 1:032x}" for name in names])
    apart = tables[1].set_column(tables[1].schema.get_field_index("person"), "person", strangers)

    def sums(*parts):
        merged = tmp_path / "merged.parquet"
        pq.write_table(pa.concat_tables(parts), merged)
        one = replace(sources, datasets={"trips": (dataset, (merged,))})
        return call.house.bounding.bounded(priced.plan.bound, one, Watch()).blocks[0, 0].tolist()

    two = call.house.bounding.bounded(priced.plan.bound, sources, Watch()).blocks[0, 0].tolist()
    assert two == sums(*tables)
    assert two != sums(tables[0], apart.cast(tables[0].schema))


def bring_all(node, folder, *carriers):
    for carrier in carriers:
        at = 20 * shared.CARRIERS.index(carrier)
        shared.bring(node, folder, carrier, range(at, at + 20))


def changed_programme(folder, *changes):
    """The programme's folder with words of its dataset changed."""
    root = shared.write_programme(folder)
    dataset = root / "datasets" / "trips.toml"
    text = dataset.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    dataset.write_text(text, "utf-8")
    return root


QUESTION = "SELECT COUNT(*) AS n FROM trips WHERE day <= DATE '2024-12-31'"


def test_data_taken_back_and_brought_elsewhere_have_no_second_budget(node, tmp_path):
    bring_all(node, tmp_path, "alpha", "beta")
    node.query(private.PROGRAMME, QUESTION, purpose=private.PURPOSE, epsilon="0.5")
    root = shared.write_programme(tmp_path / "other")
    manifest = root / "programme.toml"
    manifest.write_text(manifest.read_text("utf-8").replace("small-trips", "more-trips"), "utf-8")
    rules = root / "rules" / "release.cedar"
    rules.write_text(rules.read_text("utf-8").replace("small-trips", "more-trips"), "utf-8")
    node.add_programme(root)
    for number, carrier in enumerate(("alpha", "beta")):
        officer = node.as_(f"{carrier}-officer")
        officer.parts.take_back(*TRIPS)
        rows = shared.lines(range(20 * number, 20 * number + 20))
        file = shared.write_part(tmp_path, f"again-{carrier}", rows)
        officer.load("more-trips", "trips", file, part=shared.said())
    with pytest.raises(Refused) as refused:
        node.query("more-trips", QUESTION, purpose=private.PURPOSE, epsilon="0.5")
    assert codes(refused) == ["gate.data-elsewhere"]


def test_a_programme_that_forgets_the_parts_does_not_release_with_one_more(node, tmp_path):
    bring_all(node, tmp_path, "alpha", "beta")
    node.release(private.PROGRAMME, "trips-2024")
    bring_all(node, tmp_path, "gamma")
    parts = shared._PARTS.partition("\n[sekisho.budget]")[0]
    node.add_programme(changed_programme(tmp_path / "new", (parts, "")))
    with pytest.raises(Refused) as refused:
        node.release(private.PROGRAMME, "trips-2024")
    assert codes(refused) == ["parts.others-before"]
    node.as_("gamma-officer").parts.take_back(*TRIPS)
    with pytest.raises(NotPermitted):
        node.parts.take_back(*TRIPS)


def test_other_periods_of_the_budget_do_not_make_the_period_another(node, tmp_path):
    bring_all(node, tmp_path, "alpha", "beta")
    node.release(private.PROGRAMME, "trips-2024")
    bring_all(node, tmp_path, "gamma")
    monthly = changed_programme(tmp_path / "new", ('period = "year"', 'period = "month"'))
    node.add_programme(monthly)
    question = QUESTION.replace("2024-12-31", "2024-01-31")
    with pytest.raises(Refused) as refused:
        node.query(private.PROGRAMME, question, purpose=private.PURPOSE, epsilon="0.5")
    assert codes(refused) == ["parts.others-before"]


def test_who_is_no_holder_any_more_may_still_take_its_part_back(node, tmp_path):
    bring_all(node, tmp_path, "alpha", "gamma")
    fewer = changed_programme(tmp_path / "new", ('"beta", "gamma"]', '"beta"]'))
    node.add_programme(fewer)
    node.as_("gamma-officer").parts.take_back(*TRIPS)
    assert [each.holder for each in node._house.store.deliveries(*TRIPS)] == ["alpha"]


class Meddling:
    """A clock that lets a part arrive as soon as a charge holds its data, if it can."""

    def __init__(self, clock, locks, arrive):
        self.clock, self.locks, self.arriving = clock, locks, Thread(target=arrive)

    def now(self):
        if self.arriving.ident is None:
            for lock in self.locks:
                with held_if_free(lock) as free:
                    if not free:
                        self.arriving.start()
                        self.arriving.join(1.0)
                        break
        return self.clock.now()


def test_a_part_that_comes_while_a_period_is_charged_is_not_taken_for_one_of_it(node, tmp_path):
    """Counted as if it had been there, it would be in the next release, and be the difference."""
    bring_all(node, tmp_path, "alpha", "beta")
    house = node._house
    locks = [house.lock_of_data(each.digest) for each in house.store.deliveries(*TRIPS)]
    with closing(sekisho.open(node.folder)) as other:
        clock = Meddling(house.clock, locks, lambda: bring_all(other, tmp_path, "gamma"))
        node._house = replace(house, clock=clock)
        first = node.release(private.PROGRAMME, "trips-2024")
        clock.arriving.join()
    assert first.release.parts.missing == ("gamma",)
    with pytest.raises(Refused) as refused:
        node.release(private.PROGRAMME, "trips-2024")
    assert codes(refused) == ["parts.others-before"]
