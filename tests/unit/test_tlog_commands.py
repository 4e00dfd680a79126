"""`sekisho log` and `sekisho receipt`, from the command line's own entry point."""

import json
import re
import threading
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import sekisho
from sekisho.cli.main import run
from sekisho.errors import Conflict, StorageError, TamperedError, UsageError
from sekisho.model.actor import Participant
from sekisho.model.entry import Entry, EntryKind, entry_bytes, new_nonce
from sekisho.model.text import Text
from sekisho.stores.tiles import FolderLog
from sekisho.terms import Lane, ParticipantKind
from sekisho.tlog.append import integrate
from sekisho.tlog.history import committed, new_secret, salt_of, subject_mark
from sekisho.tlog.note import Algorithm, Signer, parse_verifier
from sekisho.tlog.proof import Opening, write_receipt
from sekisho.tlog.receipt_page import receipt_page, receipt_page_digest
from sekisho.tlog.witness import add_checkpoint
from tests.lib import records

LOG = Signer("example.org/log", Algorithm.ED25519, bytes(range(32)))
WITNESS = Signer("witness.example/w", Algorithm.COSIGNATURE, bytes(range(1, 33)))
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
OWNER = Participant("owner", Text("Owner", "所有者"), ParticipantKind.PUBLIC_BODY, "JP")


@pytest.fixture
def node(tmp_path: Path) -> str:
    sekisho.init(tmp_path / "node", OWNER).close()
    return str(tmp_path / "node")


def said(capsys: pytest.CaptureFixture, *arguments: object) -> dict:
    capsys.readouterr()
    assert run([*map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_node_is_verified_shown_and_compared_with_its_store(node: str, capsys):
    verified = said(capsys, "log", "verify", node)
    assert (verified["verified"], verified["size"], verified["unsigned"]) == (True, 3, 0)
    shown = said(capsys, "log", "show", node, "--last", 2)
    assert [each["index"] for each in shown["entries"]] == [1, 2]
    assert said(capsys, "log", "show", node, 1)["entries"][0]["kind"] == "key-changed"
    assert said(capsys, "log", "fsck", node) == {"agree": True, "size": 3}
    assert run(["log", "show", node, "--lang", "ja"]) == 0
    assert "鍵の変更" in capsys.readouterr().out


def test_a_log_that_stands_alone_needs_a_key(node: str, capsys):
    assert run(["log", "verify", f"{node}/log"]) == UsageError.exit_code
    assert "--key" in capsys.readouterr().err
    assert said(capsys, "log", "verify", f"{node}/log", "--key", f"{node}/log.vkey")["size"] == 3
    other = LOG.verifier.vkey
    assert run(["log", "verify", f"{node}/log", "--key", other]) == TamperedError.exit_code
    assert run(["log", "verify", f"{node}/log", "--key", "nothing"]) == UsageError.exit_code


def test_a_flipped_byte_ends_every_command_with_the_exit_code_of_tampering(node: str, capsys):
    file = Path(node) / "log" / "tile" / "entries" / "000.p" / "3"
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    for command in (["verify", node], ["fsck", node], ["show", node], ["prove", node, "2"]):
        assert run(["log", *command]) == TamperedError.exit_code
    assert "`tile/0/000.p/3`" in capsys.readouterr().err


def test_a_store_and_a_log_of_different_backups_do_not_pass(node: str, tmp_path: Path, capsys):
    sekisho.init(tmp_path / "other", OWNER).close()
    (tmp_path / "other" / "store.sqlite").replace(Path(node) / "store.sqlite")
    assert run(["log", "fsck", node]) == TamperedError.exit_code
    assert re.search(r"entry \d+ differs", capsys.readouterr().err)


def test_a_log_is_checked_against_a_checkpoint_kept_earlier(node: str, tmp_path: Path, capsys):
    kept = tmp_path / "kept"
    kept.write_bytes((Path(node) / "log" / "checkpoint").read_bytes())
    with sekisho.open(node) as opened:
        opened.add_participant(Participant("b", Text("B", "B"), ParticipantKind.HOSPITAL, "JP"))
    assert run(["log", "verify", node, "--since", str(kept)]) == 0
    assert "3 entries that was kept" in capsys.readouterr().out
    kept.write_bytes((Path(node) / "log" / "checkpoint").read_bytes())
    assert (
        run(["log", "verify", node, "--since", str(tmp_path / "absent")]) == StorageError.exit_code
    )


def test_a_receipt_is_written_and_verified_offline(node: str, tmp_path: Path, capsys):
    file, key = tmp_path / "r.tlog-proof", Path(node) / "log.vkey"
    said(capsys, "log", "prove", node, 1, "--out", file)
    verified = said(capsys, "receipt", "verify", file, "--key", key)
    assert (verified["index"], verified["entry"]["kind"]) == (1, "key-changed")
    assert run(["log", "prove", node, "1"]) == 0
    assert capsys.readouterr().out == file.read_text(encoding="utf-8")
    assert run(["log", "prove", node, "99"]) == 8
    file.write_text(
        file.read_text(encoding="utf-8").replace("index 1", "index 2"), encoding="utf-8"
    )
    assert run(["receipt", "verify", str(file), "--key", str(key)]) == TamperedError.exit_code
    assert run(["receipt", "verify", str(file)]) == UsageError.exit_code
    assert (
        run(["receipt", "verify", str(tmp_path / "absent"), "--key", str(key)])
        == StorageError.exit_code
    )


def test_what_a_receipt_opens_cannot_steer_a_terminal(tmp_path: Path, capsys):
    secret, nonce = new_secret(), new_nonce()
    value = "paid \x1b[2J\x1b[31mback\u202e"
    entry = Entry(
        EntryKind.CONSENT_GIVEN,
        NOW,
        lane=Lane.RECORD,
        nonce=nonce,
        commitments={"consent": committed(secret, nonce, "consent", value.encode())},
    )
    storage = FolderLog(tmp_path / "log")
    integrate(storage, [LOG], [entry_bytes(entry)])
    opening = Opening("consent", salt_of(secret, nonce, "consent"), value)
    (tmp_path / "r").write_text(
        write_receipt(storage, 0, [LOG.verifier], [opening]), encoding="utf-8"
    )
    assert run(["receipt", "verify", str(tmp_path / "r"), "--key", LOG.verifier.vkey]) == 0
    printed = capsys.readouterr().out
    assert "paid" in printed
    assert not set(printed) & {"\x1b", "\u202e"}


def test_the_page_is_written_and_its_digest_said(tmp_path: Path, capsys):
    assert run(["receipt", "page", "--out", str(tmp_path / "page.html")]) == 0
    assert receipt_page_digest() in capsys.readouterr().out
    assert (tmp_path / "page.html").read_bytes() == receipt_page()


@pytest.fixture
def witness(node: str, tmp_path: Path):
    """A witness of the node, served over HTTP."""
    key = parse_verifier((Path(node) / "log.vkey").read_text(encoding="utf-8"))
    memory = FolderLog(tmp_path / "memory")

    class Witness(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            return

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = add_checkpoint(body, {key.name: [key]}, WITNESS, memory, NOW)
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.media_type)
            self.end_headers()
            self.wfile.write(answer.body.encode())

    serving = ThreadingHTTPServer(("127.0.0.1", 0), Witness)
    thread = threading.Thread(target=partial(serving.serve_forever, poll_interval=0.02))
    thread.start()
    yield f"http://127.0.0.1:{serving.server_port}={WITNESS.verifier.vkey}"
    serving.shutdown()
    thread.join()
    serving.server_close()


def test_a_witness_cosigns_over_http_and_the_log_shows_it(node: str, witness: str, capsys):
    for _ in range(2):
        assert said(capsys, "log", "cosign", node, "--witness", witness)["witnesses"] == [
            WITNESS.name
        ]
    keys = ["--key", f"{node}/log.vkey", "--key", WITNESS.verifier.vkey]
    assert said(capsys, "log", "verify", f"{node}/log", *keys)["witnesses"] == [WITNESS.name]
    assert run(["log", "cosign", node, "--witness", "http://127.0.0.1:9"]) == UsageError.exit_code


def test_a_witness_that_is_down_is_told_and_passed_over(node: str, capsys):
    down = f"http://127.0.0.1:9={WITNESS.verifier.vkey}"
    assert run(["log", "cosign", node, "--witness", down]) == 0
    assert "no witness has cosigned" in capsys.readouterr().out


def test_a_key_is_changed_in_two_steps_and_old_receipts_stay_valid(
    node: str, tmp_path: Path, capsys
):
    file, keys = Path(node) / "log.vkey", Path(node) / "keys" / "log.skey"
    old = file.read_text(encoding="utf-8").strip()
    said(capsys, "log", "prove", node, 1, "--out", tmp_path / "early")
    assert run(["log", "rotate", node, "--finish"]) == Conflict.exit_code
    new = said(capsys, "log", "rotate", node)["key"]
    assert run(["log", "rotate", node]) == Conflict.exit_code
    for key in (old, new):
        assert said(capsys, "log", "verify", f"{node}/log", "--key", key)["size"] == 4
    assert said(capsys, "log", "rotate", node, "--finish")["key"] == new
    assert keys.stat().st_mode & 0o777 == 0o600
    assert len(keys.read_text(encoding="utf-8").split()) == 1
    assert file.read_text(encoding="utf-8").split() == [new, old]
    assert said(capsys, "log", "verify", node)["size"] == 5
    assert said(capsys, "log", "verify", f"{node}/log", "--key", new)["size"] == 5
    assert run(["log", "verify", f"{node}/log", "--key", old]) == TamperedError.exit_code
    for key in (old, file):
        assert said(capsys, "receipt", "verify", tmp_path / "early", "--key", key)["index"] == 1
    entries = said(capsys, "log", "show", node, "--last", 2)["entries"]
    assert [each["public"]["change"] for each in entries] == ["added", "retired"]
    assert entries[0]["public"]["key"] == parse_verifier(new).fingerprint
    assert entries[1]["public"]["key"] == parse_verifier(old).fingerprint
    assert sorted(each.name for each in keys.parent.iterdir()) == ["log.skey", "salts"]
    with sekisho.open(node) as opened:
        opened.add_participant(Participant("b", Text("B", "B"), ParticipantKind.HOSPITAL, "JP"))
    assert said(capsys, "log", "fsck", node)["size"] == 6


def test_a_person_finds_the_own_history_with_the_secret_alone(tmp_path: Path, capsys):
    secret, storage = new_secret(), FolderLog(tmp_path / "log")
    made = []
    for owner in (secret, new_secret(), secret):
        nonce = new_nonce()
        mark = subject_mark(owner, nonce)
        entry = Entry(EntryKind.CONSENT_GIVEN, NOW, lane=Lane.RECORD, nonce=nonce, subjects=(mark,))
        made.append(entry_bytes(entry))
    integrate(storage, [LOG], made)
    (tmp_path / "secret").write_text(f"{secret.hex()}\n", encoding="utf-8")
    asked = [
        "receipt",
        "history",
        tmp_path / "log",
        "--secret",
        tmp_path / "secret",
        "--key",
        LOG.verifier.vkey,
    ]
    assert [each["index"] for each in said(capsys, *asked)["entries"]] == [0, 2]
    for wrong in ("", "no secret", secret.hex()[:-1]):
        (tmp_path / "secret").write_text(wrong, encoding="utf-8")
        assert run([*map(str, asked)]) == UsageError.exit_code
        assert secret.hex()[:8] not in capsys.readouterr().err


def test_a_patient_finds_consents_and_keeps_receipts_of_them(tmp_path: Path, capsys):
    two = records.pair(tmp_path)
    two.given()
    node, key = two.sender.folder, two.sender.folder / "log.vkey"
    for name, secret in (("mine", two.subject.secret), ("other", new_secret())):
        (tmp_path / name).write_text(secret.hex(), encoding="utf-8")
    mine = ["receipt", "history", node, "--secret", tmp_path / "mine"]
    assert said(capsys, "receipt", "history", node, "--secret", tmp_path / "other")["entries"] == []
    found = said(capsys, *mine, "--receipts", tmp_path / "kept")["entries"]
    assert "consent-given" in [each["kind"] for each in found]
    receipts = sorted((tmp_path / "kept").iterdir())
    assert len(receipts) == len(found)
    for receipt in receipts:
        assert said(capsys, "receipt", "verify", receipt, "--key", key)["opened"] == {}
    anew = two.sender.records.identify_anew(two.subject.id)
    (tmp_path / "new").write_text(anew.secret.hex(), encoding="utf-8")
    both = said(capsys, *mine, "--secret", tmp_path / "new")["entries"]
    assert {each["index"] for each in found} < {each["index"] for each in both}
    assert run([*map(str, mine)]) == 0
    assert "agreed to a use" in capsys.readouterr().out
