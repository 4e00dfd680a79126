"""Questions over HTTP: a token, a job, an answer with its proof, and nothing told in between."""

import time

import pytest
from fastapi.testclient import TestClient

from sekisho.gate import answers
from sekisho.model.actor import Actor, Participant
from sekisho.model.text import Text
from sekisho.terms import JobState, ParticipantKind, Role
from sekisho.tlog.proof import verify_receipt
from sekisho.web.app import create_app
from tests.lib.private import COUNT, PROGRAMME, PURPOSE, make_node

QUERIES = "/api/v1/queries"
BODY = {"programme": PROGRAMME, "sql": COUNT, "purpose": PURPOSE, "epsilon": "1"}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(answers, "STEP", answers.STEP / 100)


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A served node with an analyst and a stranger, and their headers."""
    with make_node(tmp_path_factory.mktemp("asked"), epsilon="20") as node:
        tokens = {}
        for name, role in (("analyst", Role.DATA_USER), ("stranger", Role.AUDITOR)):
            node.add_participant(
                Participant(name, Text(name, name), ParticipantKind.BUSINESS_OPERATOR, "JP")
            )
            tokens[name] = node.add_actor(Actor(name, name, frozenset({role})))
        heads = {name: {"Authorization": f"Bearer {token}"} for name, token in tokens.items()}
        app = create_app(node)
        yield node, TestClient(app, base_url="http://127.0.0.1"), heads


def answered(client, head, body=BODY, **more):
    begun = client.post(QUERIES, json=body, headers={**head, **more})
    assert begun.status_code == 202, begun.text
    for _ in range(200):
        seen = client.get(begun.headers["location"], headers=head).json()
        if seen["state"] not in ("queued", "running"):
            return seen
        time.sleep(0.05)
    raise AssertionError(seen)


def test_a_question_is_answered_with_numbers_intervals_decision_and_proof(asked):
    node, client, heads = asked
    seen = answered(client, heads["analyst"])
    assert seen["state"] == "done"
    answer = seen["answer"]
    assert [row["area"] for row in answer["rows"]] == ["east", "north", "south", "void"]
    assert all(r["people"]["low"] <= r["people"]["value"] for r in answer["rows"])
    assert answer["guarantee"]["epsilon"] == "1"
    assert answer["guarantee"]["delta"] == "0.000001"
    assert answer["decision"]["rules"][0]["id"] == "small-trips-R1"
    (proof,), (charge,) = seen["proofs"], answer["charges"]
    proven = verify_receipt(proof["proof"], node.questions.verifiers).proven
    assert proven.index == charge["entry"]
    assert proof["entry"]["kind"] == "budget-charged"
    assert node.questions.faults(node.questions.papers(node.questions.job(seen["query"]))) == []


def test_the_same_question_again_has_the_same_answer_and_costs_nothing(asked):
    node, client, heads = asked
    first = answered(client, heads["analyst"])
    before = node._house.store.charges()
    again = answered(client, heads["analyst"])
    assert again["answer"] == first["answer"]
    assert again["query"] != first["query"]
    assert node._house.store.charges() == before


def test_a_key_makes_a_repeated_request_one_job(asked):
    _, client, heads = asked
    head = {**heads["analyst"], "Idempotency-Key": "monday"}
    first, again = (client.post(QUERIES, json=BODY, headers=head).json() for _ in range(2))
    assert first["query"] == again["query"]
    other = client.post(QUERIES, json={**BODY, "epsilon": "0.5"}, headers=head)
    assert other.status_code == 409


def test_a_dry_run_over_http_makes_no_job_and_spends_nothing(asked):
    node, client, heads = asked
    jobs, charges = node.jobs(), node._house.store.charges()
    body = {**BODY, "sql": "SELECT COUNT(*) AS n FROM trips", "dry_run": True}
    said = client.post(QUERIES, json=body, headers=heads["analyst"])
    assert said.status_code == 200
    assert said.json()["expected"][0]["numbers"] == 1
    assert said.json()["proof"]
    assert (node.jobs(), node._house.store.charges()) == (jobs, charges)


@pytest.mark.parametrize("head", [{}, {"Authorization": "Bearer nobody"}, {"Authorization": "x"}])
def test_without_a_token_nothing_is_asked(asked, head):
    node, client, _ = asked
    before = node.jobs()
    assert client.post(QUERIES, json=BODY, headers=head).status_code == 403
    assert client.get(f"{QUERIES}/{'0' * 32}", headers=head).status_code == 403
    assert node.jobs() == before


def test_another_s_question_is_not_there_and_who_may_not_ask_begins_none(asked):
    node, client, heads = asked
    mine = answered(client, heads["analyst"])["query"]
    for method in (client.get, client.delete):
        missing = method(f"{QUERIES}/{mine}", headers=heads["stranger"])
        absent = method(f"{QUERIES}/{'0' * 32}", headers=heads["stranger"])
        assert missing.status_code == absent.status_code == 404
        assert missing.json() == absent.json()
    before = node.jobs()
    assert client.post(QUERIES, json=BODY, headers=heads["stranger"]).status_code == 403
    assert node.jobs() == before


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("[]", 400),
        ('{"programme": 1}', 400),
        ("[" * 5_000, 400),
        ('"' + "x" * 100_001 + '"', 400),
        ({**BODY, "more": 1}, 400),
        ({**BODY, "dry_run": "yes"}, 400),
        ({**BODY, "contribution": [1]}, 400),
        ({**BODY, "contribution": {"groups": -1}}, 400),
        ({**BODY, "contribution": {"person": "7"}}, 400),
        ({**BODY, "contribution": {"length": "NaN"}}, 400),
        ({**BODY, "epsilon": "much"}, 400),
        ({**BODY, "purpose": "because"}, 400),
        ({**BODY, "programme": "none"}, 404),
        ({**BODY, "sql": "SELECT * FROM trips"}, 422),
        ({**BODY, "sql": "x" * 90_000}, 422),
    ],
)
def test_what_is_no_question_is_refused_before_a_job_is_made(asked, body, status):
    node, client, heads = asked
    before = node.jobs()
    sent = {"content": body} if isinstance(body, str) else {"json": body}
    said = client.post(QUERIES, headers=heads["analyst"], **sent)
    assert said.status_code == status, said.text
    assert set(said.json()) == {"error", "status"}
    assert node.jobs() == before


def test_a_refusal_by_the_budget_shows_in_the_job_and_in_the_log(asked):
    node, client, heads = asked
    size = node._house.store.entry_count()
    seen = answered(client, heads["analyst"], {**BODY, "epsilon": "20"})
    assert seen["state"] == "failed"
    assert seen["faults"][0]["code"] == "privacy.budget_exhausted_once"
    assert "does not begin anew" in seen["faults"][0]["message"]
    assert node._house.store.entry_count() == size + 1


def test_other_bounds_are_another_question(asked):
    _, client, heads = asked
    wide = answered(client, heads["analyst"], {**BODY, "contribution": {"groups": 1}})
    plain = answered(client, heads["analyst"])
    assert wide["answer"]["rows"] != plain["answer"]["rows"]
    first = [a["answer"]["rows"][0]["people"] for a in (wide, plain)]
    errors = [number.get("counted", number)["standard_error"] for number in first]
    assert errors[0] < errors[1]


def test_a_question_that_is_stopped_before_its_charge_costs_nothing(asked):
    node, client, heads = asked
    asking = node.as_("analyst").questions
    put = asking.asked(PROGRAMME, "SELECT COUNT(*) AS n FROM trips", purpose=PURPOSE, epsilon="1")
    job, before = asking.begin(put), node._house.store.charges()
    client.delete(f"{QUERIES}/{job.id}", headers=heads["analyst"])
    for _ in range(200):
        if asking.job(job.id).state is JobState.CANCELLED:
            break
        time.sleep(0.05)
    assert asking.job(job.id).state is JobState.CANCELLED
    assert node._house.store.charges() == before


def test_while_it_runs_a_question_tells_nothing_of_the_rows(asked):
    """Neither progress nor phase follows what the engine does; only the charge shows."""
    node, _, _ = asked
    told = []
    asking = node.questions
    put = asking.asked(
        PROGRAMME, "SELECT SUM(minutes) AS m FROM trips", purpose=PURPOSE, epsilon="1"
    )
    from sekisho.ports import Watch

    asking.ask(put, Watch(progress=lambda *said: told.append(said)))
    assert told == [("budget.phase-charge", 0, 0)]
