"""A witness that is a program of its own, asked over HTTP: up, down, slow, lying; and set back."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

import sekisho
from sekisho.cli.main import run
from sekisho.errors import StorageError, TamperedError, fault
from sekisho.gate.logbook import LogBook
from sekisho.model.actor import Participant
from sekisho.model.text import Text
from sekisho.node.witnessing import Witnessing
from sekisho.settings import WitnessAddress, read_settings
from sekisho.stores.http_log import HttpLog, ask_witness
from sekisho.terms import ParticipantKind
from sekisho.tlog.cosign import Witness
from sekisho.tlog.note import Algorithm, Signer, new_signer, parse_verifier, signature_line
from sekisho.wiring import log_book, witness_at

OTHER = Signer("other.example/w", Algorithm.COSIGNATURE, bytes(range(1, 33)))


def organisation(name: str) -> Participant:
    return Participant(name, Text(name, name), ParticipantKind.PUBLIC_BODY, "JP")


def founded(folder: Path) -> Path:
    sekisho.init(folder, organisation(folder.name)).close()
    return folder


def grow(node: Path, name: str) -> None:
    with sekisho.open(node) as opened:
        opened.add_participant(organisation(name))


@contextmanager
def serving(node: Path) -> Iterator[str]:
    """The node as `sekisho serve` serves it, in a process of its own; its address."""
    command = [sys.executable, "-m", "sekisho", "serve", str(node), "--port", "0"]
    environment = {**os.environ, "LC_ALL": "C", "SEKISHO_LANGUAGE": "en", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL
    ) as running:
        try:
            said = running.stdout.readline()
            yield said.split(" at ")[1].split(" ")[0].rstrip("/")
        finally:
            running.send_signal(signal.SIGINT)


@pytest.fixture
def asking(tmp_path: Path) -> Path:
    return founded(tmp_path / "asking")


@pytest.fixture
def watching(tmp_path: Path, asking: Path, capsys) -> tuple[Path, str]:
    """A node that watches the asking one, and its witness key."""
    folder = founded(tmp_path / "watching")
    capsys.readouterr()
    assert run(["log", "witness", str(folder), "--watch", f"{asking}/log.vkey", "--json"]) == 0
    return folder, json.loads(capsys.readouterr().out)["key"]


def named(node: Path, *witnesses: str) -> None:
    """Write the witnesses into the node's settings."""
    file = node / "node.toml"
    lines = json.dumps(list(witnesses))
    said = file.read_text(encoding="utf-8").replace("[node]\n", f"[node]\nwitnesses = {lines}\n", 1)
    file.write_text(said, encoding="utf-8")


def book_of(node: Path) -> LogBook:
    return log_book(node, read_settings(node / "node.toml"))


def until(true, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_two_programs_a_log_and_its_witness_agree_and_an_old_backup_is_refused(
    asking, watching, tmp_path, capsys
):
    folder, key = watching
    with serving(folder) as address:
        named(asking, f"{address}/witness={key}")
        shutil.copytree(asking, tmp_path / "backup")
        for name in ("b", "c"):
            grow(asking, name)
            assert run(["log", "cosign", str(asking)]) == 0
        assert len(book_of(asking).testimonies()) == 1
        assert run(["log", "verify", str(asking)]) == 0
        assert "witnessed by" in capsys.readouterr().out
        # the whole folder comes back from the backup: only the witness can tell
        assert run(["log", "cosign", str(tmp_path / "backup")]) == TamperedError.exit_code
        assert "was set back" in capsys.readouterr().err
        assert run(["doctor", str(tmp_path / "backup")]) == 1
        assert "was set back" in capsys.readouterr().out
        # even when it has grown past what the witness has seen
        for name in ("x", "y", "z"):
            grow(tmp_path / "backup", name)
        assert run(["log", "cosign", str(tmp_path / "backup")]) == TamperedError.exit_code
        assert "another history" in capsys.readouterr().err
    # log and store alone from the backup: the node's own memory tells, without any witness
    shutil.rmtree(asking / "log")
    shutil.copytree(tmp_path / "backup" / "log", asking / "log", dirs_exist_ok=True)
    with pytest.raises(TamperedError):
        sekisho.open(asking)


def test_a_served_node_has_its_log_cosigned_without_being_asked(asking, watching):
    folder, key = watching
    with serving(folder) as witness:
        named(asking, f"{witness}/witness={key}")
        with serving(asking):
            until(lambda: [each.checkpoint.size for each in book_of(asking).testimonies()] == [3])
    (asked,) = book_of(asking).asked()
    assert (asked.fault, asked.refused) == (None, False)


def test_growth_is_cosigned_soon_after_it(asking, watching):
    folder, key = watching
    with serving(folder) as address:
        witness = witness_at(WitnessAddress(f"{address}/witness", parse_verifier(key)))
        book = replace(book_of(asking), witnesses=(witness,))
        with Witnessing(book, every_s=3600, least_pause_s=0.1):
            until(lambda: [each.checkpoint.size for each in book.testimonies()] == [3])
            grow(asking, "b")
            until(lambda: [each.checkpoint.size for each in book.testimonies()] == [4])


def test_a_witness_that_is_down_is_named_by_doctor_and_page_and_comes_back(
    asking, watching, capsys
):
    _folder, key = watching
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    named(asking, f"http://127.0.0.1:{port}/witness={key}")
    with Witnessing(book_of(asking), every_s=3600):
        until(lambda: book_of(asking).asked())
        begun = time.monotonic()
        grow(asking, "b")
        assert time.monotonic() - begun < 5
    assert run(["doctor", str(asking)]) == 0
    said = capsys.readouterr().out
    assert "has not cosigned yet" in said
    assert "did not answer" in said
    from starlette.testclient import TestClient

    from sekisho.web.app import create_app

    with sekisho.open(asking) as node:
        page = TestClient(create_app(node, ("testserver",))).get("/en/log").text
    assert "The server did not answer" in page
    assert "has not signed yet" in page


class Dripping:
    """A server that takes a connection and sends one byte now and then, without end."""

    def __init__(self, beginning: bytes) -> None:
        self.beginning = beginning
        self.over = threading.Event()
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        self.listening.settimeout(0.05)
        taken: list[socket.socket] = []
        while not self.over.is_set():
            try:
                taken.append(self.listening.accept()[0])
                taken[-1].sendall(self.beginning)
            except OSError:
                pass
            for each in taken:
                try:
                    each.sendall(b"x")
                except OSError:
                    continue
        for each in taken:
            each.close()

    def close(self) -> None:
        self.over.set()
        self.thread.join()
        self.listening.close()


@pytest.mark.parametrize(
    "beginning",
    [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"],
)
@pytest.mark.parametrize("asked", ["witness", "log"])
def test_a_slow_answer_ends_at_the_deadline_however_it_drips(beginning, asked):
    slow = Dripping(beginning)
    address = f"http://127.0.0.1:{slow.listening.getsockname()[1]}"
    calls = {
        "witness": lambda: ask_witness(address, b"old 0\n\n", timeout_s=0.6),
        "log": lambda: HttpLog(address, 0.6).read("checkpoint"),
    }
    begun = time.monotonic()
    try:
        with pytest.raises(StorageError):
            calls[asked]()
    finally:
        taken = time.monotonic() - begun
        slow.close()
    assert taken < 3


def test_a_slow_witness_holds_up_neither_the_others_nor_a_change(asking, watching):
    folder, key = watching
    slow = Dripping(b"HTTP/1.1 200 OK\r\nX: ")
    patient = Witness(
        OTHER.verifier,
        lambda body: ask_witness(
            f"http://127.0.0.1:{slow.listening.getsockname()[1]}", body, timeout_s=3
        ),
    )
    with serving(folder) as address:
        good = witness_at(WitnessAddress(f"{address}/witness", parse_verifier(key)))
        book = book_of(asking)
        found: list[object] = []
        thread = threading.Thread(
            target=lambda: found.append(book.cosign([patient, good], datetime.now(UTC)))
        )
        thread.start()
        grow(asking, "b")
        assert thread.is_alive(), "the change waited for the witness"
        thread.join()
        slow.close()
    assert [each.name for each in book.testimonies()] == [good.verifier.name]
    assert {each.name for each in book.asked() if each.fault} == {OTHER.name}


def test_a_lying_witness_is_believed_nothing_and_stops_nothing(asking, capsys):
    """Over HTTP: signatures over another text or by another key, sizes never seen, nonsense."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    forged = new_signer(OTHER.name, Algorithm.COSIGNATURE)
    lies = [
        (200, "text/plain", signature_line("another text\n", OTHER, 1)),
        (200, "text/plain", signature_line("another text\n", forged, 1)),
        (200, "text/plain", "— \n"),
        (200, "text/plain", "x" * 200_000),
        (200, "application/octet-stream", "\udcff"),
        (409, "text/x.tlog.size", "999999\n"),
        (409, "text/x.tlog.size", "-1\n"),
        (409, "text/x.tlog.size", "0\n"),
        (422, "text/plain", ""),
        (302, "text/plain", ""),
        (500, "text/plain", "no"),
    ]
    lie: list[tuple[int, str, str]] = []

    class Liar(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            return

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            status, media_type, body = lie[0]
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.end_headers()
            self.wfile.write(body.encode("utf-8", "surrogateescape"))

    with ThreadingHTTPServer(("127.0.0.1", 0), Liar) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        named(asking, f"http://127.0.0.1:{server.server_port}={OTHER.verifier.vkey}")
        for number, each in enumerate(lies):
            lie[:] = [each]
            book_of(asking).cosign(book_of(asking).witnesses, datetime.now(UTC))
            (asked,) = book_of(asking).asked()
            assert asked.fault is not None, each
            assert book_of(asking).testimonies() == ()
            grow(asking, f"n{number}")
        server.shutdown()
        thread.join()
    assert run(["log", "verify", str(asking)]) == 0
    assert "witnessed by" not in capsys.readouterr().out


def test_a_cosignature_from_the_far_future_is_nonsense(asking):
    def ask(body: bytes):
        from sekisho.tlog.witness import Answer

        note = body.decode().partition("\n\n")[2]
        text = note.rpartition("\n\n")[0] + "\n"
        return Answer(200, signature_line(text, OTHER, 2**62))

    found = book_of(asking).cosign([Witness(OTHER.verifier, ask)], datetime.now(UTC))
    assert [each.code for each in found.faults] == ["log.witness-wrong"]
    assert book_of(asking).testimonies() == ()


def test_asking_again_and_again_keeps_one_line_a_witness(asking, watching):
    from sekisho.stores.witness import FolderWitness

    folder, _ = watching
    own = FolderWitness(folder)
    moments = iter(range(10**9, 10**9 + 100))

    def ask(body: bytes):
        return own.answer(body, datetime.fromtimestamp(next(moments), UTC))

    witness = Witness(own.signer.verifier, ask)
    for _ in range(40):
        found = book_of(asking).cosign([witness], datetime.now(UTC))
        assert (found.faults, found.refused) == ((), ())
    note = book_of(asking).standing().note
    assert note.count(own.signer.name) == 1
    (said,) = book_of(asking).testimonies()
    assert said.at > datetime.fromtimestamp(10**9 + 50, UTC)


def test_a_log_that_does_not_grow_is_witnessed_again_and_again(asking, watching):
    from sekisho.stores.witness import FolderWitness

    own, asked = FolderWitness(watching[0]), []

    def ask(body: bytes):
        asked.append(body)
        return own.answer(body, datetime.now(UTC))

    book = replace(book_of(asking), witnesses=(Witness(own.signer.verifier, ask),))
    with Witnessing(book, every_s=0.1, least_pause_s=0.1):
        until(lambda: len(asked) > 3)
    after = len(asked)
    time.sleep(0.3)
    assert len(asked) == after


def test_a_program_ends_though_a_witness_has_not_answered(asking):
    never = threading.Event()

    def ask(_body: bytes):
        never.wait(30)
        raise StorageError(fault("log.witness-down"))

    book = replace(book_of(asking), witnesses=(Witness(OTHER.verifier, ask),))
    with Witnessing(book, every_s=3600):
        time.sleep(0.2)
        begun = time.monotonic()
    taken = time.monotonic() - begun
    never.set()
    assert taken < 4
