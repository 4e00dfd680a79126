"""Officers see duties on a page and over HTTP, and say that they are done."""

import pytest

from sekisho.model.actor import Actor
from sekisho.terms import Role
from tests.lib.forms_served import OfficerBrowser, client_of
from tests.lib.records import pair


@pytest.fixture
def two(tmp_path):
    made = pair(tmp_path)
    made.offered(made.given())
    return made


def token_of(two, role):
    node = two.sender
    return node.add_actor(Actor(f"one-{role}", node._house.participant, frozenset({role})))


def test_an_officer_reads_the_duties_and_marks_one_as_done(two):
    browser = OfficerBrowser(two.sender, token_of(two, Role.DATA_HOLDER))
    page = browser.get("/duties")
    listed = two.sender.duties.listed()
    assert page.text.count('name="duty"') == len(listed) > 1
    assert listed[0].kept.duty.text.en in page.text
    browser.follow(browser.send(page, "/duties/done", note=["file 7"]))
    rest = two.sender.duties.listed()
    assert len(rest) == len(listed) - 1
    (done,) = [e.kept for e in two.sender.duties.listed(every=True) if e.kept.done_at]
    assert (done.note, done.done_by) == ("file 7", "one-data-holder")


def test_a_duty_that_is_done_already_is_told_and_changes_nothing(two):
    browser = OfficerBrowser(two.sender, token_of(two, Role.DATA_HOLDER))
    page = browser.get("/duties")
    browser.send(page, "/duties/done")
    again = browser.send(page, "/duties/done")
    assert again.status_code == 409
    assert "done before" in again.text


def test_nobody_reads_duties_without_signing_in(two):
    answer = client_of(two.sender).get("/en/duties", follow_redirects=False)
    assert answer.status_code == 303
    assert "/sign-in" in answer.headers["location"]


def test_programs_read_and_finish_duties_with_a_token(two):
    client = client_of(two.sender)
    assert client.get("/api/v1/duties").status_code == 403
    heads = {"Authorization": f"Bearer {token_of(two, Role.DATA_HOLDER)}"}
    found = client.get("/api/v1/duties", headers=heads).json()["duties"]
    assert {each["id"] for each in found} == {e.kept.id for e in two.sender.duties.listed()}
    done = client.post(f"/api/v1/duties/{found[0]['id']}/done", headers=heads)
    assert done.json()["duty"] == found[0]["id"]
    assert client.post(f"/api/v1/duties/{found[0]['id']}/done", headers=heads).status_code == 409
    stranger = {"Authorization": f"Bearer {token_of(two, Role.DATA_USER)}"}
    assert client.get("/api/v1/duties", headers=stranger).status_code == 403
    auditor = {"Authorization": f"Bearer {token_of(two, Role.AUDITOR)}"}
    assert client.get("/api/v1/permissions/lapsed", headers=auditor).json() == {"lapsed": []}
