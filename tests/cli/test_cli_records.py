"""The record lane from the command line: one history from hospital to hospital, and back out."""

import json
from datetime import UTC, datetime, timedelta

import pytest

import sekisho
from sekisho.cli.main import run
from sekisho.model.actor import Actor
from sekisho.terms import Role
from tests.lib.records import ADDRESS, FLOW, OSAKA, PROGRAMME, TOKYO, write_history


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Two nodes with the programme, each knowing the other; keys come by command."""
    folder = tmp_path_factory.mktemp("commands")
    for name, owner, other in (("tokyo", TOKYO, OSAKA), ("osaka", OSAKA, TOKYO)):
        with sekisho.init(folder / name, owner, origin=f"{name}.example/log") as node:
            node.add_participant(other)
            node.add_programme(PROGRAMME)
            clerk = Actor("clerk", OSAKA.id, frozenset({Role.DATA_USER}))
            node.add_actor(clerk)
    write_history(folder)
    (folder / "form.pdf").write_bytes(b"a signed form")
    return folder


@pytest.fixture
def call(place, capsys, monkeypatch):
    monkeypatch.chdir(place)

    def called(*arguments: str, code: int = 0) -> dict[str, object]:
        capsys.readouterr()
        assert run([*arguments, "--json"]) == code, capsys.readouterr()
        said = capsys.readouterr()
        return json.loads(said.out or said.err)

    return called


def test_a_history_goes_from_hospital_to_hospital_by_commands_alone(place, call, capsys):
    for home, abroad, owner in (("tokyo", "osaka", TOKYO), ("osaka", "tokyo", OSAKA)):
        for purpose in ("sign", "seal"):
            made = call("key", "new", home, purpose, f"{home}.{purpose}.pem")
            assert len(made["fingerprint"]) == 64
            call(
                *("participant", "key", abroad, owner.id, f"{home}.{purpose}.pem"),
                *("--purpose", purpose),
            )
    subject = call("subject", "add", "tokyo", "secret", "--address", ADDRESS)["subject"]
    assert (place / "secret").stat().st_mode & 0o777 == 0o600
    assert call("subject", "list", "tokyo")["subjects"] == [subject]
    asked = call(
        *("consent", "ask", "tokyo", PROGRAMME, FLOW, subject, "--of-age"),
        *("--until", "2099-01-01T00:00+09:00"),
        *("--category", "person", "--category", "illnesses"),
        *("--recipient", OSAKA.id, "--country", "JP"),
        code=2,
    )
    assert asked["error"]["faults"][0]["code"] == "records.valid-too-long"

    until = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    wanted = (
        *("consent", "ask", "tokyo", PROGRAMME, FLOW, subject, "--of-age", "--until", until),
        *("--category", "person", "--category", "illnesses"),
        *("--recipient", OSAKA.id, "--country", "JP", "--request", "from-the-desk-1"),
    )
    asked = call(*wanted)
    assert call(*wanted)["consent"] == asked["consent"]
    consent = asked["consent"]
    given = call("consent", "give", "tokyo", consent, "--evidence", "form.pdf")
    assert given["state"] == "given"
    assert "sekisho/consent/v1" in call("consent", "text", "tokyo", consent)["text"]
    request = call(
        *("transfer", "ask", "tokyo", PROGRAMME, FLOW, consent, "--as", "clerk"),
        *("--category", "person", "--category", "illnesses"),
    )
    sent = call(
        *("transfer", "offer", "tokyo", consent, OSAKA.id, "p1.json", "--address", ADDRESS),
        *("--transfer", request["transfer"]),
    )
    assert sent["transfer"] == request["transfer"]
    assert sent["state"] == "ready"
    transfer = sent["transfer"]
    call("transfer", "fetch", "tokyo", transfer, "sealed", "--as", "clerk", "--own", "osaka")
    opened = call("transfer", "open", "osaka", "sealed", "history.json")
    assert opened["digest"] == sent["digest"]
    kinds = [
        e["resource"]["resourceType"]
        for e in json.loads((place / "history.json").read_text())["entry"]
    ]
    assert sorted(kinds) == ["Condition", "Patient"]
    done = call("transfer", "acknowledge", "tokyo", transfer, sent["digest"], "--as", "clerk")
    assert done["state"] == "erased"
    call("transfer", "receipt", "tokyo", transfer, "fetched", "fetched.tlog-proof", "--as", "clerk")
    call("receipt", "verify", "fetched.tlog-proof", "--key", str(place / "tokyo" / "log.vkey"))
    call("consent", "receipt", "tokyo", consent, "consent.tlog-proof", "--secret", "secret")
    paused = call("consent", "pause", "tokyo", consent, "--secret", "secret")
    assert paused["state"] == "paused"
    assert call("consent", "resume", "tokyo", consent, "--secret", "secret")["state"] == "given"
    narrow = ("consent", "narrow", "tokyo", consent, "--category", "person", "--secret", "secret")
    assert call(*narrow)["scope"]["categories"] == ["person"]
    assert (
        call("consent", "withdraw", "tokyo", consent, "--secret", "secret")["state"] == "withdrawn"
    )
    notices = call("transfer", "notices", "tokyo", "--as", "clerk")["notices"]
    assert [each["kind"] for each in notices] == ["narrowed", "withdrawn"]
    answer = ("transfer", "answer", "tokyo", notices[1]["notice"], "erased", "--as", "clerk")
    assert call(*answer)["answer"] == "erased"
    erased = call("subject", "erase", "tokyo", "--secret", "secret")
    assert len(erased["notices"]) == 1
    assert erased["duties"]
    assert call("transfer", "sweep", "tokyo")["changed"] == 0
    assert call("subject", "forget", "tokyo", "--secret", "secret")["destroyed"]
    gone = call("consent", "withdraw", "tokyo", consent, "--secret", "secret", code=8)
    assert gone["error"]["faults"][0]["code"] == "records.no-subject"
    call("log", "verify", "tokyo")
    for language in ("en", "ja"):
        assert run(["transfer", "list", "tokyo", "--lang", language]) == 0
        assert run(["consent", "list", "tokyo", "--lang", language]) == 0
    assert transfer in capsys.readouterr().out


def test_a_secret_is_never_written_over_another_file(place, call):
    (place / "taken").write_text("something", encoding="utf-8")
    refused = call("subject", "add", "tokyo", "taken", code=9)
    assert refused["error"]["faults"][0]["code"] == "records.secret-file-exists"
    assert (place / "taken").read_text(encoding="utf-8") == "something"


def test_people_read_sentences_in_both_languages(place, capsys, monkeypatch):
    monkeypatch.chdir(place)
    for language, word in (("en", "taken in as"), ("ja", "登録しました")):
        assert run(["subject", "add", "tokyo", f"secret-{language}", "--lang", language]) == 0
        said = capsys.readouterr().out
        assert word in said
        secret = (place / f"secret-{language}").read_text(encoding="utf-8").strip()
        assert secret not in said
