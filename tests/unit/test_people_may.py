from itertools import product

import pytest

from sekisho.errors import NotPermitted, UsageError
from sekisho.model.actor import Actor, Participant
from sekisho.model.programme import Programme
from sekisho.model.text import Text
from sekisho.people import (
    ANYBODY,
    GRANTS,
    Action,
    Reach,
    check_actor,
    check_participant,
    demand,
    may,
)
from sekisho.terms import Language, ParticipantKind, Role

WORDS = Text("Trade", "貿易")


def programme(steward: str = "mine", *recipients: str) -> Programme:
    return Programme(
        id="trade",
        title=WORDS,
        description=WORDS,
        purpose="dpv:OfficialStatistics",
        legal_basis=WORDS,
        steward=steward,
        recipients=recipients,
        jurisdictions=("JP",),
        datasets=(),
        lookups=(),
        release_plans=(),
        access_rules=(),
    )


def actor(*roles: Role, of: str = "mine") -> Actor:
    return Actor("clerk", of, frozenset(roles))


EXPECTED = """
action                 everyone   owner  steward  data-holder  data-user  auditor
init                   -          all    -        -            -          -
act-for                -          all    -        -            -          -
read                   -          all    all      all          all        all
programme.add          -          all    -        -            -          -
participant.add        -          all    -        -            -          -
actor.add              -          all    -        -            -          -
token.replace          -          all    -        -            -          -
key.add                -          all    -        -            -          -
key.revoke             -          all    own      own          own        -
load                   -          all    -        own          -          -
delivery.read          -          all    -        own          -          -
release                -          all    steward  -            -          -
release.read           recipient  all    steward  own          -          all
release.read-private   -          -      -        own          -          -
release.read-early     -          own    steward  own          -          -
release.correct        -          all    steward  -            -          -
release.withdraw       -          all    steward  -            -          -
query                  -          all    steward  -            recipient  -
log.verify             all        -      -        -            -          -
settings               -          all    -        -            -          -
job.read               -          all    own      own          own        own
job.cancel             -          all    own      own          own        own
job.retry              -          all    own      own          own        own
subject.add            -          own    -        own          -          -
subject.act            -          own    -        own          -          -
subject.identify       -          own    -        own          -          -
consent.request        -          own    -        own          -          -
fact.file              -          own    -        own          -          -
transfer.request       -          own    -        -            own        -
transfer.offer         -          own    -        own          -          -
transfer.fetch         -          own    -        -            own        -
transfer.read          -          own    -        own          own        -
records.sweep          -          all    -        -            -          -
duty.read              -          all    steward  own          -          all
duty.do                -          all    steward  own          -          -
redecide               -          all    steward  -            -          all
form.answer            -          own    own      own          own        -
form.status            -          all    steward  -            -          -
form.ask               -          all    steward  -            -          -
submission.read        -          own    own      own          own        own
"""


def table() -> dict[tuple[str, str], str]:
    head, *lines = [line.split() for line in EXPECTED.strip().splitlines()]
    return {
        (line[0], role): reach
        for line in lines
        for role, reach in zip(head[1:], line[1:], strict=True)
    }


def test_the_table_grants_what_is_written_here_and_nothing_else():
    granted = {
        (action.value, role.value if role else "everyone"): reach.value
        for action, grants in GRANTS.items()
        for role, reach in grants.items()
    }
    assert {cell: reach for cell, reach in table().items() if reach != "-"} == granted
    assert {action for action, _ in table()} == {action.value for action in Action}
    assert {role for _, role in table()} == {"everyone", *(role.value for role in Role)}


SITUATIONS = {
    "nothing is known": (None, ()),
    "the programme's id alone": ("trade", ()),
    "own things": (None, ("mine",)),
    "another's things": (None, ("other",)),
    "own and another's things": (None, ("mine", "other")),
    "own programme": (programme("mine"), ()),
    "another's programme": (programme("other"), ()),
    "public programme": (programme("other", "public"), ()),
    "programme for us": (programme("other", "mine", "third"), ()),
    "programme for others": (programme("other", "third"), ()),
}
COVERED = {
    Reach.ALL: set(SITUATIONS),
    Reach.OWN: {"own things"},
    Reach.STEWARD: {"own programme"},
    Reach.RECIPIENT: {"public programme", "programme for us"},
}


@pytest.mark.parametrize("action", Action)
def test_every_role_may_do_an_action_only_where_its_grant_reaches(action):
    for role, (name, (which, of)) in product(Role, SITUATIONS.items()):
        reaches = [GRANTS[action].get(role), GRANTS[action].get(None)]
        expected = any(name in COVERED[reach] for reach in reaches if reach)
        assert (may(actor(role), action, which, of) is None) == expected, (role, name)


@pytest.mark.parametrize("action", Action)
def test_an_unknown_caller_may_only_read_what_is_public_and_verify(action):
    for name, (which, of) in SITUATIONS.items():
        expected = action is Action.LOG_VERIFY or (
            action is Action.RELEASE_READ and name == "public programme"
        )
        assert (may(ANYBODY, action, which, of) is None) == expected, name


@pytest.mark.parametrize("action", Action)
def test_a_refusal_says_who_may_in_both_languages(action):
    refused = may(ANYBODY, action)
    if action is Action.LOG_VERIFY:
        assert refused is None
        return
    for language in Language:
        assert f"`{action}`" in refused.sentence(language)
    assert "clerk" not in refused.sentence()


def test_a_refusal_is_raised_where_it_is_demanded():
    demand(actor(Role.OWNER), Action.SETTINGS)
    with pytest.raises(NotPermitted):
        demand(actor(Role.STEWARD), Action.SETTINGS)


def test_several_roles_reach_as_far_as_each():
    both = actor(Role.STEWARD, Role.DATA_HOLDER)
    assert may(both, Action.RELEASE, programme("mine")) is None
    assert may(both, Action.LOAD, of=("mine",)) is None
    assert may(both, Action.SETTINGS) is not None


def codes(raised) -> list[str]:
    return [each.code for each in raised.value.faults]


def test_a_participant_with_faults_is_refused_with_all_of_them():
    with pytest.raises(UsageError) as raised:
        check_participant(Participant("../x", Text(" ", "名"), ParticipantKind.RESEARCHER, "Japan"))
    assert codes(raised) == ["people.id-form", "people.name-missing", "people.jurisdiction-form"]
    check_participant(Participant("a.b-1", WORDS, ParticipantKind.RESEARCHER, "JP"))


@pytest.mark.parametrize("name", ["", "public", "anybody", "a b", "ａ", "-a", "a" * 65, "a\n"])
def test_an_id_that_could_mean_something_else_is_refused(name):
    with pytest.raises(UsageError):
        check_participant(Participant(name, WORDS, ParticipantKind.RESEARCHER, "JP"))
    with pytest.raises(UsageError):
        check_actor(Actor(name, "mine", frozenset({Role.AUDITOR})))


def test_an_actor_without_a_role_is_refused():
    with pytest.raises(UsageError) as raised:
        check_actor(Actor("clerk", "mine", frozenset()))
    assert codes(raised) == ["people.no-role"]


def test_a_refusal_names_the_roles_in_the_language_of_the_sentence():
    found = may(ANYBODY, Action.PROGRAMME_ADD)
    assert found is not None
    assert "ノードの所有者（`owner`）" in found.sentence(Language.JA)
    assert "`owner`" in found.sentence(Language.EN)
