"""Addresses stand for the same resources in memory and on the disk, whatever their number."""

import random

import pytest

from sekisho.model import addresses
from sekisho.model.addresses import ABSENT, TWICE, Addresses


@pytest.mark.parametrize("held", [10, 97, 10_000])
def test_an_address_stands_for_its_resource_however_many_there_are(held, monkeypatch):
    monkeypatch.setattr(addresses, "HELD", held)
    known, rng, claimed = Addresses(), random.Random(held), {}
    for number in range(3_000):
        address = f"urn:x:{rng.randrange(50_000) if number % 50 == 0 else number}"
        claimed[address] = TWICE if claimed.get(address, number) != number else number
        known.claim(address, number)
        known.claim(address, number)
    for address, number in claimed.items():
        assert known.number(address) == number
    assert known.number("urn:x:nothing") == ABSENT
    assert known.is_unique() == (TWICE not in claimed.values())


@pytest.mark.parametrize("between", [0, 30])
def test_what_two_resources_claim_stands_for_neither(between, monkeypatch):
    monkeypatch.setattr(addresses, "HELD", 10)
    known = Addresses()
    known.claim("a", 1)
    for number in range(between):
        known.claim(f"other-{number}", number)
    assert known.is_unique()
    known.claim("a", 2)
    assert known.number("a") == TWICE
    assert not known.is_unique()
