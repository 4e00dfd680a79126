"""Keys, rotation, sequencing, history and reading over HTTP."""

import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sekisho.errors import CancelledError, NotFound, StorageError, TamperedError, UsageError, fault
from sekisho.model.entry import Entry, EntryKind, entry_bytes, new_nonce, parse_entry
from sekisho.ports import Watch
from sekisho.stores.http_log import HttpLog, ask_witness, http_log
from sekisho.stores.tiles import FolderLog
from sekisho.terms import Lane
from sekisho.tlog.append import current_checkpoint, integrate, resign, tidy
from sekisho.tlog.history import committed, concerns, new_secret, salt_of, subject_mark
from sekisho.tlog.note import (
    Algorithm,
    Signer,
    new_signer,
    parse_signer,
    parse_verifier,
    parse_verifiers,
    sign_checkpoint,
    sign_note,
)
from sekisho.tlog.proof import Opening, prove, verify_proof, verify_receipt, write_receipt
from sekisho.tlog.tree import Tree
from sekisho.tlog.verify import concerning, readable, verify_log

LOG = Signer("example.org/log", Algorithm.ED25519, bytes(range(32)))
KEYS = [LOG.verifier]
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def entries(count: int) -> list[bytes]:
    return [b"%d" % n for n in range(count)]


def consent(secret: bytes, what: str) -> Entry:
    nonce = new_nonce()
    return Entry(
        EntryKind.CONSENT_GIVEN,
        NOW,
        lane=Lane.RECORD,
        nonce=nonce,
        subjects=(subject_mark(secret, nonce),),
        commitments={"consent": committed(secret, nonce, "consent", what.encode())},
    )


def test_a_subject_finds_its_own_entries_and_nobody_elses(tmp_path: Path):
    one, other = new_secret(), new_secret()
    made = [consent(secret, str(n)) for n, secret in enumerate([one, other, one, other, one])]
    storage = FolderLog(tmp_path)
    integrate(storage, [LOG], [entry_bytes(entry) for entry in made])
    found: list[tuple[int, Entry]] = []
    assert verify_log(storage, KEYS, concerning(one, found)).faults == ()
    assert found == [(index, made[index]) for index in (0, 2, 4)]
    assert not any(concerns(entry, new_secret()) for entry in made)


def test_the_marks_of_one_subject_have_nothing_in_common():
    secret = new_secret()
    made = [consent(secret, "the same") for _ in range(50)]
    assert len({entry.subjects for entry in made}) == 50
    assert len({entry.commitments["consent"] for entry in made}) == 50


def test_one_salt_opens_one_commitment_only():
    secret, nonce = new_secret(), new_nonce()
    salts = {
        salt_of(secret, each, field)
        for each in (nonce, new_nonce())
        for field in ("consent", "facts")
    }
    assert len(salts) == 4


def test_without_the_secret_an_entry_stays_and_its_link_is_gone(tmp_path: Path):
    """Destroying the secret erases the link; the log and its proofs stand as before."""
    secret = new_secret()
    entry = consent(secret, "what was agreed")
    storage = FolderLog(tmp_path)
    integrate(storage, [LOG], [entry_bytes(entry)])
    receipt = write_receipt(
        storage,
        0,
        KEYS,
        [Opening("consent", salt_of(secret, entry.nonce, "consent"), "what was agreed")],
    )
    del secret
    read = parse_entry(Tree(storage, 1).entry(0))
    guesses = [new_secret() for _ in range(100)]
    assert not any(concerns(read, guess) for guess in guesses)
    assert (
        committed(guesses[0], read.nonce, "consent", b"what was agreed")
        not in read.commitments.values()
    )
    assert verify_log(storage, KEYS).is_sound
    # a receipt handed out before opens what it opened: it is the keeper's, and was told to be
    assert verify_receipt(receipt, KEYS).opened == {"consent": "what was agreed"}


def test_an_opening_that_does_not_fit_makes_no_receipt(tmp_path: Path):
    secret = new_secret()
    entry = consent(secret, "yes")
    storage = FolderLog(tmp_path)
    integrate(storage, [LOG], [entry_bytes(entry)])
    for field, value in (("consent", "no"), ("facts", "yes")):
        opening = Opening(field, salt_of(secret, entry.nonce, "consent"), value)
        with pytest.raises(UsageError) as caught:
            write_receipt(storage, 0, KEYS, [opening])
        assert caught.value.faults[0].code == "log.opening-differs"


def test_a_secret_of_another_length_is_refused():
    with pytest.raises(UsageError):
        salt_of(b"short", new_nonce(), "consent")


def test_a_key_is_rotated_while_both_keys_sign_and_old_receipts_stay_valid(tmp_path: Path):
    storage, made = FolderLog(tmp_path), entries(400)
    newer = new_signer(LOG.name)
    integrate(storage, [LOG], made[:300])
    early = prove(storage, 5, KEYS)
    resign(storage, [newer, LOG], KEYS)
    both = prove(storage, 5, [newer.verifier])
    integrate(storage, [newer, LOG], made[300:350], 300)
    resign(storage, [newer], [newer.verifier])
    integrate(storage, [newer], made[350:], 350)
    assert verify_proof(early, made[5], KEYS).index == 5
    assert verify_proof(both, made[5], KEYS).index == 5
    assert verify_proof(both, made[5], [newer.verifier]).index == 5
    assert verify_log(storage, [newer.verifier]).is_sound
    assert not verify_log(storage, KEYS).is_sound
    with pytest.raises(TamperedError):
        resign(storage, [LOG], KEYS)


def test_keys_of_different_names_do_not_sign_one_log():
    with pytest.raises(UsageError):
        sign_checkpoint(0, bytes(32), [LOG, new_signer("example.org/other")])
    with pytest.raises(UsageError):
        sign_checkpoint(0, bytes(32), [])


def test_a_signer_prints_nothing_of_its_key():
    assert repr(LOG) == "Signer('example.org/log', ED25519)"
    assert LOG.private.hex() not in f"{LOG} {LOG!r} {[LOG]}"


@pytest.mark.parametrize("name", ["", "two words", "a+b", "line\nend", "wide\u3000space"])
def test_a_key_name_that_notes_cannot_carry_is_refused(name: str):
    with pytest.raises(UsageError):
        new_signer(name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "x+y",
        "x+00000000+AQ==",
        LOG.verifier.vkey + "A",
        LOG.verifier.vkey.replace("log", "lag"),
        LOG.skey,
    ],
)
def test_a_broken_public_key_is_refused(text: str):
    with pytest.raises(UsageError):
        parse_verifier(text)


@pytest.mark.parametrize(
    "text", ["", LOG.verifier.vkey, LOG.skey[:-4], LOG.skey.replace("PRIVATE", "PUBLIC")]
)
def test_a_broken_private_key_is_refused_and_not_repeated(text: str):
    with pytest.raises(UsageError) as caught:
        parse_signer(text)
    assert "KEY" not in str(caught.value)


def test_a_file_of_keys_may_hold_remarks():
    text = f"# the log\n{LOG.verifier.vkey}\n\n  {new_signer('example.org/w', Algorithm.COSIGNATURE).verifier.vkey}\n"
    assert [each.name for each in parse_verifiers(text)] == ["example.org/log", "example.org/w"]


@pytest.mark.parametrize("text", ["no line end", "a control\x07\n", ""])
def test_a_text_that_cannot_be_a_note_is_not_signed(text: str):
    with pytest.raises(UsageError):
        sign_note(text, [LOG])


def test_what_stopped_runs_left_is_tidied_away(tmp_path: Path):
    storage, made = FolderLog(tmp_path), entries(300)
    integrate(storage, [LOG], made[:5])
    left = {path: storage.read(path) for path in storage.paths() if ".p/" in path}
    integrate(storage, [LOG], made[5:], 5)
    with storage.locked():
        storage.write_all(left)
    (tmp_path / ".aside" / "7").write_bytes(b"half a fi")
    assert verify_log(storage, KEYS).unsigned == (".aside/7",)
    assert tidy(storage, 300) == 2
    assert verify_log(storage, KEYS).unsigned == ()
    assert not set(left) & set(storage.paths())


def test_a_log_without_entries_has_a_checkpoint_and_no_proofs(tmp_path: Path):
    storage = FolderLog(tmp_path)
    assert verify_log(storage, KEYS).faults[0].code == "log.file-missing"
    checkpoint = integrate(storage, [LOG], [])
    assert (checkpoint.size, verify_log(storage, KEYS).is_sound) == (0, True)
    with pytest.raises(NotFound):
        prove(storage, 0, KEYS)
    with pytest.raises(NotFound):
        Tree(storage, 0).entry(0)


def test_what_a_caller_finds_wrong_with_entries_is_told_with_the_rest(tmp_path: Path):
    storage = FolderLog(tmp_path)
    integrate(storage, [LOG], entries(600))
    seen: list[int] = []

    def check(index: int, entry: bytes):
        seen.append(index)
        assert entry == b"%d" % index
        return [fault("log.entry-unreadable")] if index % 4 == 0 else []

    found = verify_log(storage, KEYS, check)
    assert seen == list(range(600))
    assert len(found.faults) == 100


def test_verifying_tells_how_far_it_is_and_can_be_stopped(tmp_path: Path):
    storage = FolderLog(tmp_path)
    integrate(storage, [LOG], entries(600))
    told: list[tuple[str, int, int]] = []
    verify_log(storage, KEYS, watch=Watch(progress=lambda *said: told.append(said)))
    assert told == [("log.phase-verify", done, 600) for done in (0, 256, 512)]
    with pytest.raises(CancelledError):
        verify_log(storage, KEYS, watch=Watch(cancelled=lambda: True))


@pytest.fixture
def server(tmp_path: Path):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            return

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(409)
            self.send_header("Content-Type", "text/x.tlog.size")
            self.end_headers()
            self.wfile.write(b"%d\n" % len(body))

    serving = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{serving.server_port}"
    serving.shutdown()
    thread.join()
    serving.server_close()


def test_a_log_is_verified_over_http_with_nothing_but_static_files(tmp_path: Path, server: str):
    integrate(FolderLog(tmp_path / "log"), [LOG], entries(600))
    served = http_log(f"{server}/log/")
    assert verify_log(served, KEYS).faults == ()
    assert verify_proof(prove(served, 599, KEYS), b"599", KEYS).index == 599
    tile = tmp_path / "log" / "tile" / "0" / "001"
    tile.write_bytes(tile.read_bytes()[:-1] + b"x")
    assert [each.code for each in verify_log(served, KEYS).faults] == ["log.tile-differs"]
    tile.unlink()
    assert [each.code for each in verify_log(served, KEYS).faults] == ["log.file-missing"]


def test_a_partial_tile_that_was_replaced_is_read_from_the_full_one(tmp_path: Path, server: str):
    storage = FolderLog(tmp_path / "log")
    integrate(storage, [LOG], entries(300))
    older = storage.read("checkpoint")
    integrate(storage, [LOG], entries(600)[300:], 300)
    (tmp_path / "log" / "checkpoint").write_bytes(older)
    served = http_log(f"{server}/log")
    assert verify_log(served, KEYS).faults == ()
    assert current_checkpoint(served, KEYS).size == 300
    assert verify_proof(prove(served, 299, KEYS), b"299", KEYS).index == 299


def test_a_witness_is_asked_over_http(server: str):
    answer = ask_witness(server, b"old 0\n\n")
    assert (answer.status, answer.body, answer.media_type) == (409, "7\n", "text/x.tlog.size")


def test_a_server_that_is_not_there_is_a_storage_error(server: str):
    gone = HttpLog("http://127.0.0.1:9", timeout_s=2)
    with pytest.raises(StorageError):
        gone.read("checkpoint")
    with pytest.raises(StorageError):
        ask_witness("http://127.0.0.1:9", b"", timeout_s=2)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org", "/etc", ""])
def test_only_http_addresses_are_read(url: str):
    with pytest.raises(UsageError):
        http_log(url)


def test_no_other_path_is_asked_of_a_server(server: str):
    with pytest.raises(UsageError):
        http_log(server).read("../secret")


def test_a_clock_that_jumps_back_changes_no_order_and_breaks_no_proof(tmp_path: Path):
    storage = FolderLog(tmp_path)
    times = [NOW, NOW - timedelta(days=900), NOW + timedelta(days=900), NOW - timedelta(seconds=1)]
    made = [
        entry_bytes(Entry(EntryKind.SETTINGS_CHANGED, time, public={"setting": f"s{number}"}))
        for number, time in enumerate(times)
    ]
    for index, data in enumerate(made):
        integrate(storage, [LOG], [data], index)
    assert verify_log(storage, KEYS, readable).faults == ()
    assert [Tree(storage, 4).entry(index) for index in range(4)] == made
    assert [verify_proof(prove(storage, n, KEYS), made[n], KEYS).index for n in range(4)] == [
        0,
        1,
        2,
        3,
    ]


class Growing(FolderLog):
    """A log that another writer grows while it is being verified."""

    def paths(self):
        before = list(super().paths())
        integrate(FolderLog(self.folder), [LOG], entries(600)[300:], 300)
        return before


def test_a_log_that_grows_while_it_is_verified_is_sound(tmp_path: Path):
    integrate(FolderLog(tmp_path), [LOG], entries(290))
    integrate(FolderLog(tmp_path), [LOG], entries(300)[290:], 290)
    found = verify_log(Growing(tmp_path), KEYS)
    assert (found.faults, found.unsigned, found.entries) == ((), (), 300)
