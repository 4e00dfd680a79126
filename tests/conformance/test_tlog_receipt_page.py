"""The receipt page in Chromium: it accepts what is genuine, refuses the rest, and asks no network."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sekisho.errors import TamperedError
from sekisho.model.entry import Entry, EntryKind, entry_bytes, new_nonce
from sekisho.stores.tiles import FolderLog
from sekisho.terms import Lane, Language, Outcome
from sekisho.text import sentence
from sekisho.tlog.append import current_checkpoint, integrate
from sekisho.tlog.cosign import Witness, gather, publish
from sekisho.tlog.history import committed, new_secret, salt_of, subject_mark
from sekisho.tlog.note import Algorithm, Signer
from sekisho.tlog.pages import entries_page, renewed
from sekisho.tlog.proof import (
    Opening,
    prove,
    read_proof,
    verify_proof,
    verify_receipt,
    write_proof,
    write_receipt,
)
from sekisho.tlog.receipt_page import FILE_NAME, receipt_page, receipt_page_digest
from sekisho.tlog.witness import add_checkpoint

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "src" / "sekisho" / "tlog" / FILE_NAME
LOG = Signer("example.org/log", Algorithm.ED25519, bytes(range(32)))
WITNESS = Signer("witness.example/w", Algorithm.COSIGNATURE, bytes(range(1, 33)))
KEYS = [LOG.verifier]
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
VALUE = "訪問記録 to a hospital in XX"


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory) -> dict[str, object]:
    """A log of 600 entries, its receipt, and a plain proof of another entry."""
    folder = tmp_path_factory.mktemp("receipts")
    secret, nonce = new_secret(), new_nonce()
    entry = Entry(
        EntryKind.CONSENT_GIVEN,
        NOW,
        programme="histories",
        lane=Lane.RECORD,
        outcome=Outcome.ALLOWED,
        rules=("APPI-28(1)",),
        nonce=nonce,
        subjects=(subject_mark(secret, nonce),),
        commitments={"consent": committed(secret, nonce, "consent", VALUE.encode())},
    )
    made = [b"%d" % n for n in range(600)]
    made[77] = entry_bytes(entry)
    storage = FolderLog(folder / "log")
    integrate(storage, [LOG], made)
    memory = FolderLog(folder / "memory")
    witness = Witness(
        WITNESS.verifier, lambda body: add_checkpoint(body, {LOG.name: KEYS}, WITNESS, memory, NOW)
    )
    publish(
        storage,
        gather(storage, current_checkpoint(storage, KEYS), KEYS, [witness]).checkpoint,
        KEYS,
    )
    opening = Opening("consent", salt_of(secret, nonce, "consent"), VALUE)
    (folder / "good.tlog-proof").write_text(
        write_receipt(storage, 77, KEYS, [opening]), encoding="utf-8"
    )
    (folder / "plain.tlog-proof").write_text(prove(storage, 599, KEYS), encoding="utf-8")
    (folder / "entry").write_bytes(made[599])
    return {"folder": folder, "storage": storage}


@pytest.fixture
def page(chromium):
    context = chromium.new_context(locale="en-GB", offline=True)
    page = context.new_page()
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(PAGE.as_uri())
    yield page
    assert asked == [PAGE.as_uri()]
    assert wrong == []
    context.close()


def judge(page, receipt: Path | None, keys: str, entry: Path | None = None) -> tuple[str, str]:
    page.set_input_files("#receipt", [receipt] if receipt else [])
    page.set_input_files("#entry", [entry] if entry else [])
    page.fill("#keys", keys)
    page.click("#check")
    page.wait_for_selector("#result:not([data-state=none])", state="attached")
    result = page.locator("#result")
    return result.get_attribute("data-state"), result.get_attribute("data-fault")


@pytest.mark.browser
def test_a_genuine_receipt_is_read_out_in_both_languages(page, handed_out):
    receipt = handed_out["folder"] / "good.tlog-proof"
    assert judge(page, receipt, f"{LOG.verifier.vkey}\n{WITNESS.verifier.vkey}\n") == ("good", "")
    said = page.inner_text("#result")
    for word in (
        "genuine",
        "consent given",
        "2026-11-21",
        VALUE,
        "APPI-28(1)",
        "witness.example/w (2026-11-21T12:00:00Z)",
    ):
        assert word in said
    page.click("#lang-ja")
    said = page.inner_text("#result")
    for word in ("この受領証は本物です", "同意", "個票レーン", VALUE, "立会い"):
        assert word in said
    assert page.get_attribute("html", "lang") == "ja"


@pytest.mark.browser
def test_the_page_and_the_library_refuse_the_same_receipts(page, handed_out, tmp_path: Path):
    good = (handed_out["folder"] / "good.tlog-proof").read_text(encoding="utf-8")
    proof = read_proof(good)
    receipts = {
        "index": re.sub(r"index 77", "index 76", good),
        "size": good.replace("\n600\n", "\n601\n"),
        "heading": good.replace("proof@v1", "proof@v2"),
        "origin": good.replace("example.org/log\n600", "example.org/lag\n600"),
        "cut": good[:-30],
        "hashes": write_proof(type(proof)(77, proof.hashes[1:], proof.checkpoint, proof.extra)),
        "order": write_proof(type(proof)(77, proof.hashes[::-1], proof.checkpoint, proof.extra)),
        "value": write_proof(
            type(proof)(77, proof.hashes, proof.checkpoint, proof.extra.replace(b"XX", b"YY"))
        ),
        "entry": write_proof(
            type(proof)(77, proof.hashes, proof.checkpoint, proof.extra.replace(b"APPI", b"GDPR"))
        ),
        "spaces": write_proof(type(proof)(77, proof.hashes, proof.checkpoint, proof.extra + b" ")),
        "twice": write_proof(
            type(proof)(
                77,
                proof.hashes,
                proof.checkpoint,
                proof.extra.replace(b'{"entry"', b'{"entry":"","entry"'),
            )
        ),
        "utf-8": write_proof(
            type(proof)(77, proof.hashes, proof.checkpoint, proof.extra.replace(b"XX", b"\xff\xff"))
        ),
        "no extra": write_proof(type(proof)(77, proof.hashes, proof.checkpoint)),
        "base64": good.replace("=\n", "\n", 1),
        "empty": "",
    }
    for name, receipt in receipts.items():
        file = tmp_path / "receipt"
        file.write_text(receipt, encoding="utf-8")
        with pytest.raises(TamperedError):
            verify_receipt(receipt, KEYS)
        assert judge(page, file, LOG.verifier.vkey)[0] == "bad", name
    assert verify_receipt(good, KEYS).opened == {"consent": VALUE}


@pytest.mark.browser
def test_only_the_logs_own_key_confirms_a_receipt(page, handed_out):
    receipt = handed_out["folder"] / "good.tlog-proof"
    other = Signer("example.org/log", Algorithm.ED25519, bytes(32)).verifier.vkey
    assert judge(page, receipt, other) == ("bad", "note-unsigned")
    assert judge(page, receipt, WITNESS.verifier.vkey) == ("bad", "note-unsigned")
    assert judge(page, receipt, LOG.verifier.vkey[:-1]) == ("bad", "key-unreadable")
    assert judge(page, receipt, "") == ("bad", "no-keys")
    assert judge(page, None, LOG.verifier.vkey) == ("bad", "no-receipt")
    assert judge(page, receipt, f"# the log\n{other}\n{LOG.verifier.vkey}") == ("good", "")


@pytest.mark.browser
def test_a_plain_proof_is_checked_with_its_entry_file(page, handed_out, tmp_path: Path):
    folder = handed_out["folder"]
    assert judge(page, folder / "plain.tlog-proof", LOG.verifier.vkey, folder / "entry") == (
        "good",
        "",
    )
    assert judge(page, folder / "plain.tlog-proof", LOG.verifier.vkey) == ("bad", "no-entry")
    (tmp_path / "other").write_bytes(b"598")
    assert judge(page, folder / "plain.tlog-proof", LOG.verifier.vkey, tmp_path / "other") == (
        "bad",
        "proof-fails",
    )


@pytest.mark.browser
def test_every_proof_of_small_logs_gets_the_same_answer_from_page_and_library(page, tmp_path: Path):
    """Sizes 1 to 20 with every index, right and wrong, through the page's own function."""
    cases = []
    for size in range(1, 21):
        storage = FolderLog(tmp_path / str(size))
        integrate(storage, [LOG], [b"%d" % n for n in range(size)])
        for index in range(size):
            proof = prove(storage, index, KEYS)
            cases += [(proof, b"%d" % entry) for entry in {index, (index + 1) % size}]
    ours = []
    for proof, entry in cases:
        try:
            ours.append(verify_proof(proof, entry, KEYS).index)
        except TamperedError as error:
            ours.append(error.faults[0].code.removeprefix("log."))
    theirs = page.evaluate(
        """async ([cases, keys]) => {
          const answers = [];
          for (const [proof, entry] of cases) {
            try { answers.push(Number((await verify(encoder.encode(proof), encoder.encode(entry), keys)).index)); }
            catch (error) { answers.push(error.code); }
          }
          return answers;
        }""",
        [[[proof, entry.decode()] for proof, entry in cases], LOG.verifier.vkey],
    )
    assert theirs == ours


@pytest.mark.browser
def test_the_page_can_be_used_with_the_keyboard_and_names_every_control(page):
    for field in ("receipt", "keys", "entry"):
        assert page.locator(f"label[for={field}]").inner_text()
    page.keyboard.press("Tab")
    reached = []
    for _ in range(6):
        reached.append(page.evaluate("document.activeElement.id"))
        page.keyboard.press("Tab")
    assert reached == ["lang-en", "lang-ja", "receipt", "keys", "entry", "check"]
    assert page.evaluate(
        "[...document.querySelectorAll('[data-text]')].every((each) => each.textContent)"
    )


def test_the_page_holds_the_names_of_the_catalogue_and_the_hashes_of_its_own_script():
    page = receipt_page().decode()
    assert renewed(page) == page
    assert "://" not in page.replace("RFC", "")
    for language in Language:
        assert sentence("log.kind-release-made", language=language) in page


def test_the_page_asks_for_nothing_outside_itself():
    page = receipt_page().decode()
    assert "default-src 'none'" in page
    assert not re.search(
        r"<(link|img|iframe|script [^>]*src)|@import|url\(|fetch\(|XMLHttp|WebSocket", page
    )


def test_the_pages_published_digest_is_that_of_its_bytes():
    from hashlib import sha256

    assert receipt_page_digest() == sha256(PAGE.read_bytes()).hexdigest()


def test_the_reference_of_entries_is_what_the_code_says():
    written = (ROOT / "docs" / "reference" / "entries.md").read_text(encoding="utf-8")
    assert written == entries_page()
    for kind in EntryKind:
        assert f"| `{kind.value}` |" in written
