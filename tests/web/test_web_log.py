"""The log's pages and receipts: entries in plain words, each proved, and who has witnessed them."""

from datetime import UTC, datetime

import pytest

from sekisho.model.entry import Entry, EntryKind, entry_bytes
from sekisho.present.entry import entry_details, entry_words
from sekisho.stores.tiles import FolderLog
from sekisho.terms import Lane, Language, Outcome
from sekisho.tlog.append import integrate
from sekisho.tlog.cosign import Witness
from sekisho.tlog.note import Algorithm, Signer, parse_verifier
from sekisho.tlog.proof import verify_receipt
from sekisho.tlog.receipt_page import receipt_page, receipt_page_digest
from sekisho.tlog.witness import add_checkpoint
from tests.lib.releases import PLAN, PROGRAMME, release
from tests.lib.served import FORMATS
from tests.web.test_web_routes import RELEASE, parsed

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
RELEASE_ID = f"{PROGRAMME}.{PLAN}.r1"
WITNESS = Signer("witness.example/w", Algorithm.COSIGNATURE, bytes(range(1, 33)))


def settings_entry(number: int) -> bytes:
    return entry_bytes(
        Entry(EntryKind.SETTINGS_CHANGED, NOON, public={"setting": f"setting-{number}"})
    )


@pytest.fixture
def grown(own_node):
    """A released table, then 130 further entries."""
    own_node.put(release(), FORMATS[:1])
    made = [settings_entry(number) for number in range(1, 131)]
    integrate(FolderLog(own_node.log_folder), (own_node.signer,), made, 1)
    return own_node


def witnessed(node, name="memory-of-the-witness"):
    key, memory = node.signer.verifier, FolderLog(node.folder / name)
    witness = Witness(
        WITNESS.verifier,
        lambda body: add_checkpoint(body, {key.name: [key]}, WITNESS, memory, NOON),
    )
    return node.log_book.cosign([witness], NOON)


def test_every_kind_of_entry_has_plain_words_in_both_languages():
    from sekisho.model.entry_kinds import PUBLIC_FIELDS, RULES, FieldType

    forms = {
        FieldType.IDENTIFIER: "a-name",
        FieldType.DIGEST: "0" * 64,
        FieldType.DECIMAL: "1.5",
        FieldType.DAY: "2026-11-22",
        FieldType.INDEX: 7,
    }
    for kind, rule in RULES.items():
        lane = next(iter(sorted(rule.lanes - {Lane.RECORD}, key=str)), Lane.RECORD)
        decided = {"decision-allowed": Outcome.ALLOWED, "decision-refused": Outcome.REFUSED}
        public = {name: forms[PUBLIC_FIELDS[name]] for name in rule.needs}
        outcome = decided.get(kind.value)
        entry = Entry(kind, NOON, lane=lane, outcome=outcome, public=public)
        for language in Language:
            words = entry_words(entry, language)
            assert words
            assert "{" not in words
            assert entry_details(entry, language) is not None


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_newest_entries_stand_first_and_every_entry_can_be_reached(grown, own_client, language):
    front = own_client.get(f"/{language}/log").text
    assert "setting-130" in front
    assert "setting-120" not in front
    seen: list[int] = []
    address = f"/{language}/log/entries"
    while address:
        page = own_client.get(address)
        assert page.status_code == 200
        numbers = [
            int(attributes["value"])
            for tag, attributes in parsed(page.text).tags
            if tag == "li" and "value" in attributes
        ]
        assert len(numbers) <= 50
        seen += numbers
        older = [
            attributes["href"]
            for tag, attributes in parsed(page.text).tags
            if tag == "a" and attributes.get("rel") == "next"
        ]
        address = older[0] if older else ""
    assert seen == list(range(130, -1, -1))


def test_the_way_back_to_newer_entries_meets_no_gap(grown, own_client):
    page = own_client.get("/en/log/entries?before=31").text
    assert 'rel="prev" href="/en/log/entries?before=81"' in page
    page = own_client.get("/en/log/entries?before=81").text
    assert 'rel="prev" href="/en/log/entries"' in page


def test_an_entry_shows_its_rules_its_proof_and_how_to_verify_it(grown, own_client):
    entry = entry_bytes(
        Entry(
            EntryKind.DECISION_REFUSED,
            NOON,
            programme=PROGRAMME,
            lane=Lane.RECORD,
            outcome=Outcome.REFUSED,
            rules=("JP-APPI-28-1", "unheard-of"),
            commitments={"facts": "a" * 64},
            subjects=("b" * 64,),
        )
    )
    integrate(FolderLog(grown.log_folder), (grown.signer,), [entry], 131)
    english = own_client.get("/en/log/entries/131").text
    japanese = own_client.get("/ja/log/entries/131").text
    assert "refused it. Nothing left." in english
    assert "不許可" in japanese
    assert "unheard-of" in english
    assert "2026年11月22日" in japanese
    assert "12:00" not in japanese.split("<pre")[0]
    assert "Checked just now" in english
    assert receipt_page_digest() in english
    assert "/receipts/131.tlog-proof" in english
    assert "No witness has signed" in english


def test_a_rule_that_the_node_knows_is_cited(grown, own_client):
    from sekisho.rules.packs import installed

    cited = next(iter(installed().packs["JP"].rules)).cited
    entry = Entry(EntryKind.DECISION_ALLOWED, NOON, outcome=Outcome.ALLOWED, rules=(cited.id,))
    integrate(FolderLog(grown.log_folder), (grown.signer,), [entry_bytes(entry)], 131)
    assert cited.citation.ja.split("（")[0] in own_client.get("/ja/log").text


def test_a_receipt_from_the_pages_is_verified_offline_with_its_witnesses(grown, own_client):
    plain = own_client.get("/receipts/0.tlog-proof")
    assert plain.headers["content-disposition"] == 'attachment; filename="0.tlog-proof"'
    keys = [parse_verifier(grown.verifier_key), WITNESS.verifier]
    assert verify_receipt(plain.text, keys).proven.checkpoint.cosigned == ()
    witnessed(grown)
    integrate(FolderLog(grown.log_folder), (grown.signer,), [settings_entry(131)], 131)
    with_witness = verify_receipt(own_client.get("/receipts/0.tlog-proof").text, keys)
    assert [each.name for each in with_witness.proven.checkpoint.cosigned] == [WITNESS.name]
    assert with_witness.entry.kind is EntryKind.RELEASE_MADE
    assert verify_receipt(own_client.get("/receipts/131.tlog-proof").text, keys).proven.index == 131


def test_the_page_of_receipts_is_handed_out_to_be_kept_not_to_be_run_here(grown, own_client):
    answer = own_client.get("/receipts/receipt_verifier.html")
    assert answer.content == receipt_page()
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "script" not in answer.headers["content-security-policy"]


def test_a_release_names_the_witnesses_of_a_checkpoint_that_covers_it(grown, own_client):
    for address in (f"/en{RELEASE}", "/en/log", "/en/log/entries/0"):
        assert WITNESS.name not in own_client.get(address).text
    witnessed(grown)
    integrate(FolderLog(grown.log_folder), (grown.signer,), [settings_entry(131)], 131)
    for address in (f"/en{RELEASE}", f"/ja{RELEASE}", "/en/log", "/en/log/entries/0"):
        page = own_client.get(address).text
        assert WITNESS.name in page
        assert WITNESS.verifier.vkey in page
    assert WITNESS.name not in own_client.get("/en/log/entries/131").text
    (said,) = own_client.get(f"/api/v1/releases/{RELEASE_ID}").json()["log"]["witnesses"]
    assert (said["name"], said["size"]) == (WITNESS.name, 131)
    assert own_client.get("/api/v1/log").json()["witnesses"] == [said]
    assert own_client.get("/api/v1/log/entries/131").json()["witnesses"] == []


def test_a_witness_whose_word_was_forged_is_not_named(grown, own_client):
    witnessed(grown)
    (file,) = (grown.folder / "witness" / "own").rglob("by/*")
    file.write_bytes(file.read_bytes().replace(b"\n131\n", b"\n130\n"))
    assert WITNESS.name not in own_client.get(f"/en{RELEASE}").text


def test_a_history_rewritten_after_it_was_witnessed_spoils_the_proof_of_its_releases(
    grown, own_client
):
    witnessed(grown)
    (grown.log_folder / "checkpoint").unlink()
    first = FolderLog(grown.log_folder).read("tile/entries/000.p/1")[2:]
    made = [first, *(settings_entry(number) for number in range(500, 640))]
    for left in sorted(grown.log_folder.rglob("*"), reverse=True):
        left.unlink() if left.is_file() else left.rmdir()
    integrate(FolderLog(grown.log_folder), (grown.signer,), made)
    page = own_client.get(f"/en{RELEASE}").text
    assert "NOT verified" in page
    answer = own_client.get(f"/api/v1/releases/{RELEASE_ID}").json()["log"]
    assert answer["witnesses"] == []
    assert answer["verified"] is False


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/en/log/entries/9999", 404),
        ("/en/log/entries/-1", 404),
        (f"/en/log/entries/{10**30}", 404),
        ("/en/log/entries?before=0", 404),
        ("/en/log/entries?before=x", 404),
        ("/en/log/entries?after=1", 400),
        ("/receipts/9999.tlog-proof", 404),
        ("/receipts/0", 404),
        ("/receipts/..%2fnode.toml", 404),
        ("/receipts/0.tlog-proof?x=1", 400),
        ("/api/v1/log/entries/9999", 404),
        ("/api/v1/log/entries?most=100000", 404),
    ],
)
def test_what_is_not_there_is_said_and_nothing_breaks(grown, own_client, path, status):
    assert own_client.get(path).status_code == status


def test_an_address_without_a_language_leads_to_the_readers(grown, own_client):
    answer = own_client.get("/log/entries/5", headers={"Accept-Language": "ja"})
    assert (answer.status_code, answer.headers["location"]) == (307, "/ja/log/entries/5")


def test_a_log_without_entries_has_pages_all_the_same(own_client):
    for path in ("/en/log", "/ja/log/entries"):
        assert own_client.get(path).status_code == 200
    assert own_client.get("/api/v1/log/entries").json() == {
        "size": 0,
        "entries": [],
        "older": None,
    }
    assert own_client.get("/en/log/entries/0").status_code == 404
