"""Two nodes as they are served: one asks, the other cosigns, and neither takes anything on trust."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import sekisho
from sekisho.cli.main import run
from sekisho.errors import NotFound, StorageError, TamperedError
from sekisho.model.actor import Participant
from sekisho.model.text import Text
from sekisho.stores.tiles import FolderLog
from sekisho.stores.witness import FolderWitness
from sekisho.terms import ParticipantKind
from sekisho.tlog.append import current_checkpoint
from sekisho.tlog.cosign import Witness, gather
from sekisho.tlog.note import parse_verifiers
from sekisho.tlog.witness import Answer, Submission, evidence, write_submission
from sekisho.web.app import create_app


def organisation(name: str) -> Participant:
    return Participant(name, Text(name, name), ParticipantKind.PUBLIC_BODY, "JP")


@pytest.fixture
def nodes(tmp_path: Path) -> tuple[Path, Path]:
    """A node with a log, and one that watches it."""
    for name in ("asking", "watching"):
        sekisho.init(tmp_path / name, organisation(name)).close()
    asking, watching = tmp_path / "asking", tmp_path / "watching"
    assert run(["log", "witness", str(watching), "--watch", str(asking / "log.vkey")]) == 0
    return asking, watching


@pytest.fixture
def client(nodes: tuple[Path, Path]):
    with sekisho.open(nodes[1]) as node:
        yield TestClient(create_app(node, ("testserver",)))


def asked(client: TestClient, watching: Path) -> Witness:
    def ask(body: bytes) -> Answer:
        answer = client.post("/witness/add-checkpoint", content=body)
        return Answer(answer.status_code, answer.text, answer.headers.get("content-type", ""))

    return Witness(FolderWitness(watching).signer.verifier, ask)


def gathered(log: Path, keys: Path, witness: Witness):
    verifiers = parse_verifiers(keys.read_text(encoding="utf-8"))
    storage = FolderLog(log)
    return gather(storage, current_checkpoint(storage, verifiers), verifiers, [witness])


def grow(node: Path, name: str) -> None:
    with sekisho.open(node) as opened:
        opened.add_participant(organisation(name))


def test_a_node_cosigns_another_while_it_grows_and_refuses_it_rewritten(nodes, client, tmp_path):
    asking, watching = nodes
    witness = asked(client, watching)
    shutil.copytree(asking, tmp_path / "old")
    for name in ("b", "c"):
        found = gathered(asking / "log", asking / "log.vkey", witness)
        assert (found.faults, found.refused) == ((), ())
        assert [each.name for each in found.checkpoint.cosigned] == [witness.verifier.name]
        grow(asking, name)
    gathered(asking / "log", asking / "log.vkey", witness)
    found = gathered(tmp_path / "old" / "log", asking / "log.vkey", witness)
    assert [each.code for each in found.refused] == ["log.rolled-back"]
    for name in ("x", "y", "z"):
        grow(tmp_path / "old", name)
    found = gathered(tmp_path / "old" / "log", asking / "log.vkey", witness)
    assert [each.code for each in found.refused] == ["log.witness-refuses"]
    [(reason, _, _)] = evidence(FolderWitness(watching).memory, found.checkpoint.origin)
    assert reason == "unproved"


def test_a_log_that_is_not_watched_and_a_body_too_long_are_refused(nodes, client):
    _, watching = nodes
    own = (watching / "log" / "checkpoint").read_text(encoding="utf-8")
    body = write_submission(Submission(0, (), own))
    assert client.post("/witness/add-checkpoint", content=body).status_code == 404
    assert client.post("/witness/add-checkpoint", content=b"x" * 200_000).status_code == 400
    assert client.post("/witness/add-checkpoint", content=b"").status_code == 400
    assert client.post("/witness/add-checkpoint?x=1", content=body).status_code == 400
    assert client.get("/witness/add-checkpoint").status_code == 405
    key = client.get("/witness/key").text.strip()
    assert key == FolderWitness(watching).signer.verifier.vkey


def test_a_node_that_is_no_witness_says_so(nodes):
    with sekisho.open(nodes[0]) as node:
        client = TestClient(create_app(node, ("testserver",)))
        assert client.get("/witness/key").status_code == 404
        assert client.post("/witness/add-checkpoint", content=b"old 0\n\n").status_code == 404
    with pytest.raises(NotFound):
        _ = FolderWitness(nodes[0]).signer


def test_a_witness_key_that_others_may_read_is_not_used(nodes):
    (nodes[1] / "keys" / "witness.skey").chmod(0o644)
    with pytest.raises(StorageError):
        _ = FolderWitness(nodes[1]).signer


def test_a_witness_keeps_its_key_and_watches_a_log_once(nodes, capsys):
    asking, watching = nodes
    before = FolderWitness(watching).signer
    assert (
        run(
            [
                "log",
                "witness",
                str(watching),
                "--watch",
                str(asking / "log.vkey"),
                "--name",
                "other",
            ]
        )
        == 0
    )
    assert FolderWitness(watching).signer == before
    assert [len(keys) for keys in FolderWitness(watching).logs().values()] == [1]
    assert before.skey not in capsys.readouterr().out


def test_a_memory_that_was_changed_by_another_hand_cosigns_nothing(nodes, client):
    asking, watching = nodes
    witness = asked(client, watching)
    gathered(asking / "log", asking / "log.vkey", witness)
    [file] = (watching / "witness" / "memory").rglob("latest")
    file.write_bytes(file.read_bytes().replace(b"\n3\n", b"\n2\n"))
    with pytest.raises(TamperedError):
        FolderWitness(watching).answer(
            write_submission(Submission(0, (), (asking / "log" / "checkpoint").read_text("utf-8"))),
            datetime.now(UTC),
        )
    found = gathered(asking / "log", asking / "log.vkey", witness)
    assert [each.code for each in found.faults] == ["log.witness-answers"]


def test_a_node_whose_log_and_store_were_set_back_does_not_open(
    nodes, client, tmp_path, monkeypatch
):
    asking, watching = nodes
    served = asked(client, watching)
    monkeypatch.setattr("sekisho.wiring.ask_witness", lambda _prefix, body: served.ask(body))
    for name in ("log", "store.sqlite"):
        (shutil.copytree if name == "log" else shutil.copy)(asking / name, tmp_path / name)
    grow(asking, "b")
    key = FolderWitness(watching).signer.verifier.vkey
    assert run(["log", "cosign", str(asking), "--witness", f"http://witness={key}"]) == 0
    grow(asking, "c")
    shutil.rmtree(asking / "log")
    shutil.move(tmp_path / "log", asking / "log")
    for left in asking.glob("store.sqlite*"):
        left.unlink()
    shutil.move(tmp_path / "store.sqlite", asking / "store.sqlite")
    with pytest.raises(TamperedError) as caught:
        sekisho.open(asking)
    assert [each.code for each in caught.value.faults] == ["log.rolled-back"]
