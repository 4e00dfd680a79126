"""Witnesses in `node.toml`: every fault at once, and nothing half understood."""

from pathlib import Path

import pytest

from sekisho.cli.main import run
from sekisho.errors import UsageError
from sekisho.settings import parse_witness, read_settings
from sekisho.tlog.note import Algorithm, Signer

KEY = Signer("witness.example/w", Algorithm.COSIGNATURE, bytes(range(1, 33))).verifier
OTHER = Signer("other.example/w", Algorithm.COSIGNATURE, bytes(range(2, 34))).verifier


def settings(folder: Path, lines: str):
    file = folder / "node.toml"
    said = f'schema = 1\n[node]\norigin = "o.example/log"\nparticipant = "office"\n{lines}\n'
    file.write_text(said, encoding="utf-8")
    file.chmod(0o600)
    return read_settings(file)


def codes(folder: Path, lines: str) -> list[str]:
    with pytest.raises(UsageError) as caught:
        settings(folder, lines)
    assert {str(each.place) for each in caught.value.faults} == {"node.toml"}
    return [each.code for each in caught.value.faults]


def test_witnesses_are_read_with_address_and_key(tmp_path):
    first, second = f"https://a.example/witness={KEY.vkey}", f"http://b.example={OTHER.vkey}"
    read = settings(tmp_path, f'witnesses = ["{first}", "{second}"]\nwitness-minutes = 3')
    assert [(each.url, each.key) for each in read.witnesses] == [
        ("https://a.example/witness", KEY),
        ("http://b.example", OTHER),
    ]
    assert read.witness_minutes == 3


def test_without_witnesses_nobody_is_asked(tmp_path):
    read = settings(tmp_path, "")
    assert (read.witnesses, read.witness_minutes) == ((), 10)


def test_every_fault_of_the_witnesses_is_told_at_once(tmp_path):
    good = f"https://a.example={KEY.vkey}"
    listed = f'["{good}", "https://b.example", "ftp://c={OTHER.vkey}", "https://d=x", "{good}"]'
    assert codes(tmp_path, f"witnesses = {listed}\nwitness-minutes = 0") == [
        "log.witness-form",
        "log.url",
        "log.key-unreadable",
        "settings.witness-twice",
        "settings.whole-number",
    ]
    for wrong in (f'"{good}"', "[1]", "{ a = 1 }"):
        assert codes(tmp_path, f"witnesses = {wrong}") == ["settings.list-of-texts"]


def test_a_key_may_hold_equals_signs():
    """Base64 ends in them; only the first one parts address and key."""
    assert parse_witness(f"https://a.example={KEY.vkey}").key == KEY


def test_asking_nobody_is_a_fault_that_says_how_to_name_somebody(tmp_path, capsys):
    settings(tmp_path, "")
    (tmp_path / "log.vkey").write_text(
        Signer("o.example/log", Algorithm.ED25519, bytes(32)).verifier.vkey, encoding="utf-8"
    )
    assert run(["log", "cosign", str(tmp_path)]) == UsageError.exit_code
    assert "witnesses" in capsys.readouterr().err
