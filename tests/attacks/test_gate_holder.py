"""Why a cell is hidden is for the data holder alone."""

import pytest

import sekisho
from sekisho.errors import NotPermitted
from sekisho.model.actor import Actor
from sekisho.terms import Role
from tests.lib.small import PLANS, PROGRAMME, make_node


@pytest.fixture
def node(tmp_path):
    with make_node(tmp_path) as made:
        made.release(PROGRAMME, PLANS[0])
        made.add_actor(Actor("holder", "office", frozenset({Role.DATA_HOLDER})))
        made.add_actor(
            Actor("clerk", "office", frozenset({Role.STEWARD, Role.DATA_USER, Role.AUDITOR}))
        )
        yield made


def test_only_an_actor_of_the_holder_sees_why_a_cell_is_hidden(node):
    release = f"{PROGRAMME}.{PLANS[0]}.r1"
    for other in (node, node.as_("clerk")):
        with pytest.raises(NotPermitted):
            other.holder_view(release)
    view = node.as_("holder").holder_view(release)
    table = node.released(release).table
    assert sum(each.hidden for each in view.cells) == table.hidden
    assert all(each.hidden for each in view.cells if each.rules)
    assert any(each.is_secondary for each in view.cells)
    few = [each for each in view.cells if 0 < each.contributors < 3]
    assert few
    assert all("frequency" in each.rules for each in few)


def test_the_certificate_of_a_release_is_verified_by_its_owner(node):
    release = f"{PROGRAMME}.{PLANS[0]}.r1"
    assert node.verify_certificate(release) == []
    with pytest.raises(sekisho.SekishoError):
        node.as_("clerk").verify_certificate(release)
