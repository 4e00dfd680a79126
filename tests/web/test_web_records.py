"""The record lane over HTTP: between two nodes, and against everyone who is not the recipient."""

import json
import os
import secrets
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import uvicorn
from fastapi.testclient import TestClient

from sekisho.cli.main import run as run_here
from sekisho.errors import (
    Conflict,
    NotFound,
    Refused,
    StorageError,
    TamperedError,
    UsageError,
    fault,
)
from sekisho.lanes.record.proofs import pick_up_text
from sekisho.model.actor import Actor
from sekisho.stores.http_transfers import http_transfers
from sekisho.terms import Role
from sekisho.tlog import keys
from sekisho.web.app import create_app
from sekisho.web.serve import listening_socket
from tests.lib.records import BERLIN, OSAKA, pair

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def two(tmp_path):
    return pair(tmp_path, BERLIN)


@pytest.fixture(scope="module")
def waiting(tmp_path_factory):
    """A transfer that waits, and a caller with a token: for requests that change nothing."""
    two = pair(tmp_path_factory.mktemp("waiting"), BERLIN)
    return two, two.offered().id, token_for(two), client(two)


def token_for(two, participant=BERLIN, role=Role.DATA_USER):
    actor = Actor(f"desk-{secrets.token_hex(4)}", participant.id, frozenset({role}))
    return two.sender.add_actor(actor)


def client(two):
    return TestClient(
        create_app(two.sender), base_url="http://127.0.0.1", raise_server_exceptions=False
    )


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def proof(two, called, token, transfer, *, ticket=None, challenge=None):
    """The headers with which the recipient's own node answers a challenge."""
    if challenge is None:
        answer = called.post(f"/api/v1/transfers/{transfer}/challenge", headers=bearer(token))
        challenge = answer.json()["challenge"]
    made = two.recipient.records.answer(
        two.sender.origin, transfer, challenge, ticket or secrets.token_hex(32)
    )
    return {
        **bearer(token),
        "Sekisho-Challenge": made.challenge,
        "Sekisho-Ticket": made.ticket,
        "Sekisho-Signature": made.signature,
    }


def code(answer):
    return answer.status_code, answer.json()["error"]["code"]


# -- attacks ----------------------------------------------------------------------------------


def test_a_stolen_link_alone_opens_nothing(two):
    transfer = two.offered().id
    called = client(two)
    assert code(called.get(f"/api/v1/transfers/{transfer}/sealed")) == (
        403,
        "web.token-needed",
    ) or (code(called.get(f"/api/v1/transfers/{transfer}/sealed")) == (400, "web.proof-needed"))
    assert called.get(f"/api/v1/transfers/{transfer}").status_code == 403
    assert two.sender.records.transfer(transfer).state == "ready"


def test_a_stolen_token_alone_opens_nothing(two):
    transfer, token, called = two.offered().id, token_for(two), client(two)
    answer = called.get(f"/api/v1/transfers/{transfer}/sealed", headers=bearer(token))
    assert code(answer) == (400, "web.proof-needed")
    challenge = called.post(f"/api/v1/transfers/{transfer}/challenge", headers=bearer(token)).json()
    stranger, ticket = keys.new_private_key(), secrets.token_hex(32)
    text = pick_up_text(two.sender.origin, transfer, BERLIN.id, challenge["challenge"], ticket)
    headers = {
        **bearer(token),
        "Sekisho-Challenge": challenge["challenge"],
        "Sekisho-Ticket": ticket,
        "Sekisho-Signature": keys.signature(stranger, text).hex(),
    }
    answer = called.get(f"/api/v1/transfers/{transfer}/sealed", headers=headers)
    assert code(answer) == (403, "records.proof-wrong")
    assert two.sender.records.transfer(transfer).state == "ready"


def test_a_recorded_answer_is_worth_nothing_a_second_time(two):
    transfer, token, called = two.offered().id, token_for(two), client(two)
    headers = proof(two, called, token, transfer)
    assert called.get(f"/api/v1/transfers/{transfer}/sealed", headers=headers).status_code == 200
    again = called.get(f"/api/v1/transfers/{transfer}/sealed", headers=headers)
    assert again.status_code == 409
    fresh = proof(two, called, token, transfer)
    answer = called.get(f"/api/v1/transfers/{transfer}/sealed", headers=fresh)
    assert code(answer) == (403, "records.fetched-already")


def test_another_recipient_with_a_token_of_its_own_finds_nothing(two):
    transfer, token, called = two.offered().id, token_for(two, OSAKA), client(two)
    listed = called.get("/api/v1/transfers", headers=bearer(token))
    assert listed.json() == {"transfers": []}
    one = called.get(f"/api/v1/transfers/{transfer}", headers=bearer(token))
    none = called.get(f"/api/v1/transfers/{'0' * 32}", headers=bearer(token))
    assert one.status_code == none.status_code == 404
    assert one.json()["error"]["message"] == none.json()["error"]["message"]
    headers = proof(two, called, token, transfer)
    assert called.get(f"/api/v1/transfers/{transfer}/sealed", headers=headers).status_code == 403


def test_nothing_is_fetched_after_the_patient_withdrew(two):
    consent = two.given()
    transfer, token, called = two.offered(consent).id, token_for(two), client(two)
    headers = proof(two, called, token, transfer)
    two.patient.withdraw(consent.id)
    answer = called.get(f"/api/v1/transfers/{transfer}/sealed", headers=headers)
    assert code(answer) == (403, "records.consent-closed")


@pytest.mark.parametrize(
    "wanted", ["bytes=0-5", "bytes=-5", "bytes=5-9,20-", "bytes=x-", "items=5-"]
)
def test_a_range_that_a_broken_fetch_does_not_need_is_refused(waiting, wanted):
    two, transfer, token, called = waiting
    headers = proof(two, called, token, transfer) | {"Range": wanted}
    answer = called.get(f"/api/v1/transfers/{transfer}/sealed", headers=headers)
    assert code(answer) == (400, "web.range")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"digest": 1}',
        b'{"digest": "x", "more": 1}',
        b'{"digest": "' + b"x" * 200_000 + b'"}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_a_body_that_is_no_request_is_refused_whatever_it_is(waiting, body):
    _, transfer, token, called = waiting
    place = f"/api/v1/transfers/{transfer}/acknowledgement"
    assert called.post(place, content=body, headers=bearer(token)).status_code == 400


def test_what_is_handed_out_cannot_be_read_by_the_operator(two):
    transfer, token, called = two.offered().id, token_for(two), client(two)
    headers = proof(two, called, token, transfer)
    answer = called.get(f"/api/v1/transfers/{transfer}/sealed", headers=headers)
    assert answer.headers["cache-control"] == "no-store"
    for word in (b"Made-up", b"38341003", b"Patient", b"female"):
        assert word not in answer.content


def test_a_token_is_sent_neither_in_the_clear_nor_after_a_redirect():
    with pytest.raises(UsageError, match="TLS"):
        http_transfers("http://sender.example", "token")
    for url in ("ftp://x", "https://", "https://user:pw@x", "https://x?token=1", "x"):
        with pytest.raises(UsageError):
            http_transfers(url, "token")
    assert "token-17" not in repr(http_transfers("https://sender.example", "token-17"))


# -- two nodes --------------------------------------------------------------------------------


@contextmanager
def served(node):
    """The node's pages on a port of this machine, from a thread."""
    with listening_socket("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(create_app(node), log_level="critical"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join(20)


def test_a_recipient_asks_fetches_opens_and_acknowledges_over_http(two):
    consent, token, target = two.given(), token_for(two), two.folder / "got.json"
    with served(two.sender) as url:
        remote = http_transfers(url, token)
        asked = remote.request(
            {
                "programme": "health-referral",
                "flow": "referral",
                "consent": consent.id,
                "categories": ["person", "illnesses"],
                "stated": {"basis.treatment": {"holds": True, "source": "referral of 22 Nov"}},
            }
        )
        two.sender.records.offer(two.offering(consent, transfer=asked["transfer"]))
        got = two.recipient.records.collect(remote, two.sender.origin, asked["transfer"], target)
        assert remote.transfers()["transfers"][0]["state"] == "erased"
    kinds = {each["resource"]["resourceType"] for each in json.loads(target.read_text())["entry"]}
    assert kinds == {"Patient", "Condition"}
    assert (got.sender, target.stat().st_mode & 0o777) == ("demo-hospital-tokyo", 0o600)
    assert not list((two.recipient.folder / "arriving").iterdir())


class Breaking:
    """The other node over a line that breaks after so many bytes, once."""

    def __init__(self, remote, after, *, silently):
        self.remote, self.after, self.silently = remote, after, silently
        self.begun = []

    def __getattr__(self, name):
        return getattr(self.remote, name)

    @contextmanager
    def sealed(self, transfer, proof, offset):
        self.begun.append(offset)
        with self.remote.sealed(transfer, proof, offset) as pieces:
            yield self._broken(pieces) if len(self.begun) == 1 else pieces

    def _broken(self, pieces):
        first = next(pieces)
        yield first[: self.after]
        if not self.silently:
            raise StorageError(fault("remote.no-answer"))


@pytest.mark.parametrize("silently", [False, True])
def test_a_fetch_that_broke_off_goes_on_where_it_stopped(two, silently):
    transfer, token, target = two.offered().id, token_for(two), two.folder / "got.json"
    with served(two.sender) as url:
        remote = Breaking(http_transfers(url, token), 1000, silently=silently)
        call = two.recipient
        with pytest.raises(StorageError):
            call.records.collect(remote, two.sender.origin, transfer, target)
        assert not target.exists()
        call.records.collect(remote, two.sender.origin, transfer, target)
    assert remote.begun == [0, 1000]
    assert json.loads(target.read_text())["resourceType"] == "Bundle"
    counted = [
        each for each in two.sender.records.transfer(transfer).events if each.kind == "fetched"
    ]
    assert [each.reason for each in counted] == ["", "acknowledged"]


class Lying:
    """The other node, telling or sending something else."""

    def __init__(self, remote, **lies):
        self.remote, self.lies = remote, lies

    def __getattr__(self, name):
        return getattr(self.remote, name)

    def transfer(self, transfer):
        said = self.remote.transfer(transfer)
        return {**said, "slip": {**said["slip"], **self.lies}}


@pytest.mark.parametrize(
    ("lies", "error"),
    [
        ({"digest": "00" * 32}, TamperedError),
        ({"bytes": 10}, TamperedError),
        ({"bytes": 10**9}, StorageError),
        ({"programme": "another"}, (TamperedError, Refused)),
        ({"content_type": "text/html"}, (TamperedError, Refused)),
        ({"sender": "demo-hospital-osaka"}, Refused),
        ({"recipient": "demo-hospital-osaka"}, Refused),
        ({"transfer": "0" * 32}, Refused),
        ({"signed_by": "00" * 32}, Refused),
        ({"sealed_to": "00" * 32}, StorageError),
        ({"transfer": "../../x"}, Refused),
        ({"bytes": "10"}, UsageError),
    ],
)
def test_a_node_that_lies_about_what_it_sends_is_found_out(two, lies, error):
    transfer, token, target = two.offered().id, token_for(two), two.folder / "got.json"
    with served(two.sender) as url:
        remote = Lying(http_transfers(url, token), **lies)
        with pytest.raises(error):
            two.recipient.records.collect(remote, two.sender.origin, transfer, target)
    assert not target.exists()


def test_an_answer_signed_for_another_node_is_refused(two):
    transfer, token, target = two.offered().id, token_for(two), two.folder / "got.json"
    with served(two.sender) as url:
        remote = http_transfers(url, token)
        with pytest.raises(Refused, match="said \\(403\\)"):
            two.recipient.records.collect(remote, "another.example/log", transfer, target)


def test_a_file_that_is_there_is_not_written_over_and_a_strange_id_is_no_path(two):
    target = two.folder / "got.json"
    target.write_text("mine")
    remote = http_transfers("http://127.0.0.1:9", "token")
    with pytest.raises(Conflict):
        two.recipient.records.collect(remote, two.sender.origin, "0" * 32, target)
    for strange in ("../x", "A" * 32, ""):
        with pytest.raises(NotFound):
            two.recipient.records.collect(
                remote, two.sender.origin, strange, two.folder / "other.json"
            )
    assert target.read_text() == "mine"


def test_a_node_that_does_not_answer_is_said_so_in_words(two):
    with listening_socket("127.0.0.1", 0) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(StorageError, match="does not answer"):
        two.recipient.records.collect(
            http_transfers(url, "token"), two.sender.origin, "0" * 32, two.folder / "x.json"
        )


def test_notices_reach_the_recipient_and_its_answer_comes_back(two):
    consent = two.given()
    two.fetched(two.offered(consent))
    two.patient.withdraw(consent.id)
    token = token_for(two)
    with served(two.sender) as url:
        remote = http_transfers(url, token)
        (recall,) = remote.recalls()["recalls"]
        assert (recall["kind"], recall["answer"]) == ("withdrawn", None)
        assert remote.answer(recall["recall"], "erased")["answer"] == "erased"
        with pytest.raises(NotFound):
            remote.answer("0" * 32, "erased")
        with pytest.raises(UsageError):
            remote.answer(recall["recall"], "lost")
    assert two.patient.mine().unanswered == ()


def test_a_party_gets_its_receipt_over_http(two):
    transfer, called = two.offered(), client(two)
    two.fetched(transfer)
    answer = called.get(
        f"/api/v1/transfers/{transfer.id}/receipts/fetched", headers=bearer(token_for(two))
    )
    assert answer.text.startswith("c2sp.org/tlog-proof@v1")


# -- two processes ----------------------------------------------------------------------------


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "sekisho", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "LANG": "C", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_record_goes_from_one_process_to_another(two):
    two.clock.at = datetime.now(UTC)
    transfer, token, target = two.offered().id, token_for(two), two.folder / "got.json"
    started = subprocess.Popen(
        [sys.executable, "-m", "sekisho", "serve", str(two.sender.folder), "--port", "0"],
        cwd=ROOT,
        env={**os.environ, "LANG": "C", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        said = started.stdout.readline()
        url = next(word for word in said.split() if word.startswith("http")).rstrip("/.,")
        place = [two.recipient.folder, url, transfer, target]
        wanted = ["transfer", "collect", *place, "--origin", two.sender.origin, "--json"]
        ended = run(*wanted, SEKISHO_TOKEN=token)
        assert (ended.returncode, ended.stderr) == (0, "")
        assert json.loads(ended.stdout)["sender"] == "demo-hospital-tokyo"
        again = run(*wanted, SEKISHO_TOKEN=token)
        assert again.returncode == Conflict.exit_code
    finally:
        started.terminate()
        started.wait(20)
        started.stdout.close()
    assert json.loads(target.read_text())["resourceType"] == "Bundle"
    assert two.patient.mine().shared[0].transfer.acknowledged_at is not None


def test_a_recipient_asks_and_answers_from_the_command_line(two, capsys, monkeypatch):
    monkeypatch.setenv("SEKISHO_TOKEN", token_for(two))
    monkeypatch.setenv("LANG", "C")
    consent = two.given()
    with served(two.sender) as url:
        asked = [url, "health-referral", "referral", consent.id, "--category", "person"]
        assert run_here(["remote", "ask", *asked, "--request", "referral-17"]) == 0
        assert "asked for; the transfer there is" in capsys.readouterr().out
        assert run_here(["remote", "list", url, "--json"]) == 0
        (waiting,) = json.loads(capsys.readouterr().out)["transfers"]
        assert waiting["state"] == "requested"
        offering = two.offering(consent, transfer=waiting["transfer"], categories=("person",))
        two.fetched(two.sender.records.offer(offering))
        two.patient.withdraw(consent.id)
        assert run_here(["remote", "notices", url, "--json"]) == 0
        (notice,) = json.loads(capsys.readouterr().out)["recalls"]
        assert run_here(["remote", "answer", url, notice["recall"], "kept-by-law"]) == 0
        assert "kept-by-law" in capsys.readouterr().out
    assert run_here(["remote", "list", "http://sender.example"]) == UsageError.exit_code
    assert "TLS" in capsys.readouterr().err
