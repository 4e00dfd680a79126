"""A stolen, guessed or replaced token; a role that widens; an actor of another participant."""

import re
import sqlite3
from dataclasses import replace

import pytest

from sekisho.errors import Conflict, NotPermitted
from sekisho.people import (
    TOKEN_PREFIX,
    Action,
    actor_of_token,
    hash_token,
    may,
    new_token,
)
from sekisho.terms import Language, Role
from tests.lib.stores import actor, entry, new_store, participant


@pytest.fixture
def store(tmp_path):
    made = new_store("sqlite", tmp_path)
    made.add_participant(participant(), entry())
    made.add_participant(participant("other"), entry())
    yield made
    made.close()


def test_the_store_never_holds_a_token(store, tmp_path):
    token, hashed = new_token()
    store.add_actor(actor(), hashed, entry())
    assert actor_of_token(store, token) == actor()
    store.close()
    secret = token.removeprefix(TOKEN_PREFIX).encode()
    for file in tmp_path.iterdir():
        content = file.read_bytes()
        assert token.encode() not in content
        assert secret not in content


def test_whoever_reads_the_store_cannot_call_with_what_stands_there(store, tmp_path):
    _token, hashed = new_token()
    store.add_actor(actor(), hashed, entry())
    (file,) = tmp_path.glob("*.sqlite")
    connection = sqlite3.connect(file)
    ((stolen,),) = connection.execute("SELECT token_hash FROM actors").fetchall()
    connection.close()
    for attempt in (stolen.hex(), TOKEN_PREFIX + stolen.hex()[:43], stolen.decode("latin-1")):
        with pytest.raises(NotPermitted):
            actor_of_token(store, attempt)


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: token.swapcase(),
        lambda token: token.removeprefix(TOKEN_PREFIX),
        lambda token: f" {token}",
        lambda token: token + "\n",
        lambda token: token + "\0",
        lambda token: token[:-1] + chr(ord(token[-1]) + 0xFEE0),
        lambda _: "",
        lambda _: "' OR 1=1 --",
        lambda _: "\ud800" * 51,
        lambda _: TOKEN_PREFIX + "A" * 43,
    ],
)
def test_what_is_not_exactly_the_token_opens_nothing(store, change):
    token, hashed = new_token()
    store.add_actor(actor(), hashed, entry())
    with pytest.raises(NotPermitted) as raised:
        actor_of_token(store, change(token))
    assert raised.value.faults[0].code == "people.token-unknown"


def test_an_actor_without_a_token_is_not_found_by_an_empty_one(store):
    store.add_actor(actor(), None, entry())
    for guess in ("", TOKEN_PREFIX, "None"):
        with pytest.raises(NotPermitted):
            actor_of_token(store, guess)


def test_the_refusal_of_a_malformed_an_unknown_and_a_replaced_token_read_the_same(store):
    token, hashed = new_token()
    store.add_actor(actor(), hashed, entry())
    store.set_token("clerk", new_token()[1], entry())
    said = set()
    for attempt in (token, new_token()[0], "x"):
        with pytest.raises(NotPermitted) as raised:
            actor_of_token(store, attempt)
        said.add(tuple(raised.value.sentences(Language.EN)))
        assert attempt == "x" or attempt not in str(raised.value)
    assert len(said) == 1


def test_tokens_are_long_random_and_never_the_same():
    tokens = [new_token()[0] for _ in range(1000)]
    assert len(set(tokens)) == 1000
    assert all(re.fullmatch(r"sekisho_[A-Za-z0-9_-]{43}", token) for token in tokens)
    assert hash_token(tokens[0]) != hash_token(tokens[1])


def test_an_actor_cannot_be_added_again_with_wider_roles(store):
    token, hashed = new_token()
    store.add_actor(actor(), hashed, entry())
    for wider in (
        actor("clerk", "holder", Role.OWNER),
        replace(actor("clerk", "other"), roles=frozenset(Role)),
    ):
        with pytest.raises(Conflict):
            store.add_actor(wider, new_token()[1], entry())
    assert actor_of_token(store, token) == actor()


def test_two_actors_never_share_a_token(store):
    _token, hashed = new_token()
    store.add_actor(actor(), hashed, entry())
    with pytest.raises(Conflict):
        store.add_actor(actor("second", "other", Role.OWNER), hashed, entry())


WIDENING = (Action.ACTOR_ADD, Action.TOKEN_REPLACE, Action.PARTICIPANT_ADD, Action.KEY_ADD)


@pytest.mark.parametrize("action", WIDENING)
def test_every_role_but_the_owner_together_cannot_widen_what_it_may(action):
    others = frozenset(Role) - {Role.OWNER}
    assert may(replace(actor(), roles=others), action, of=("holder",)) is not None


@pytest.mark.parametrize("role", Role)
def test_no_role_reads_the_private_view_of_another_participant(role):
    for of in (("other",), ("holder", "other"), ()):
        who = actor("clerk", "holder", role)
        assert may(who, Action.RELEASE_READ_PRIVATE, of=of) is not None


def test_the_owner_of_the_node_does_not_read_a_holders_private_view():
    owner = actor("owner", "operator", Role.OWNER)
    assert may(owner, Action.RELEASE_READ_PRIVATE, of=("holder",)) is not None
    assert may(owner, Action.RELEASE_READ_PRIVATE, of=("operator",)) is not None


def test_an_actor_of_no_participant_owns_nothing():
    nobody = replace(actor(), participant="", roles=frozenset(Role) - {Role.OWNER})
    for action in (Action.LOAD, Action.KEY_REVOKE, Action.RELEASE_READ_PRIVATE, Action.JOB_CANCEL):
        assert may(nobody, action, of=("",)) is not None
        assert may(nobody, action, of=()) is not None
