"""Withdrawing and fetching at once: the receipt comes before the withdrawal, or nothing is fetched."""

import pytest

from tests.lib.postgres import new_database
from tests.lib.record_races import TwoProcesses, race_threads, races
from tests.lib.records import pair

LONGEST_S = 0.02
"""Both sides begin within so long of each other: about what one of them takes."""


def both_came(outcomes: dict[str, int], count: int) -> bool:
    return sum(outcomes.values()) == count and min(outcomes.values()) > 0


@pytest.fixture
def two(tmp_path):
    return pair(tmp_path)


def over_processes(two, count: int, part: int = 0) -> dict[str, int]:
    sides = TwoProcesses(two)
    try:
        return races(two, count, sides.race, LONGEST_S, part)
    finally:
        sides.close()


def test_in_fifty_races_of_threads_each_has_one_of_two_outcomes(two):
    assert both_came(races(two, 50, lambda run: race_threads(two, run), LONGEST_S), 50)


def test_in_fifty_races_of_processes_each_has_one_of_two_outcomes(two):
    assert both_came(over_processes(two, 50), 50)
    assert two.sender.verify().passed


@pytest.mark.slow
@pytest.mark.parametrize("part", range(5))
def test_in_five_hundred_races_of_threads_each_has_one_of_two_outcomes(two, part):
    assert both_came(races(two, 100, lambda run: race_threads(two, run), LONGEST_S, part), 100)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(5))
def test_in_five_hundred_races_of_processes_each_has_one_of_two_outcomes(two, part):
    assert both_came(over_processes(two, 100, part), 100)


@pytest.mark.postgres
def test_in_twenty_races_on_postgresql_each_has_one_of_two_outcomes(tmp_path):
    two = pair(tmp_path, store=new_database())
    assert sum(races(two, 20, lambda run: race_threads(two, run), LONGEST_S).values()) == 20
    two.sender.close()
    two.recipient.close()
