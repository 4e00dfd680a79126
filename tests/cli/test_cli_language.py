"""The command line in the language asked for: Click's own words too, wherever `--lang` stands."""

import ast
import importlib
import json
from pathlib import Path

import pytest

from sekisho.cli.main import run
from sekisho.cli.options import asked_language, without_language
from sekisho.cli.spoken import MODULES, translations
from sekisho.terms import Language
from sekisho.text import sentence
from tests.cli.test_cli_commands import sekisho_command

FOR_DEVELOPERS = (
    "Boolean option",
    "Name '{name}' defined twice",
    "Could not determine name",
    "No options defined",
    "Arguments take exactly one parameter declaration",
    "DeprecationWarning",
    "Invalid start character",
    "Value must be an iterable.",
    "Unknown color",
)
"""What only a wrongly declared command says."""
NEVER_ASKED = (
    "Do you want to continue?",
    "Confirm the action without prompting.",
    "Repeat for confirmation",
    "Press any key to continue...",
    "Error: invalid input",
    "Error: The two entered values do not match.",
    "{value!r} is not a valid UUID.",
)
"""What belongs to prompts and types that no command here uses."""


def sentences_of_click() -> set[str]:
    """Every sentence that Click hands to gettext in the modules that people meet."""
    found = {"required"}
    for name in MODULES:
        module = importlib.import_module(f"click.{name}")
        for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"_", "ngettext"}:
                found |= {each.value for each in node.args if isinstance(each, ast.Constant)}
    return {
        each for each in found if not each.startswith(FOR_DEVELOPERS) and each not in NEVER_ASKED
    }


def test_every_sentence_of_click_has_its_japanese():
    known = translations(Language.JA)
    missing = sentences_of_click() - set(known)
    assert missing == set()
    assert all(any(ord(letter) > 0x3000 for letter in said) for said in known.values())


@pytest.mark.parametrize(
    "line",
    [
        ("--lang", "ja", "show", "nowhere"),
        ("show", "--lang", "ja", "nowhere"),
        ("show", "nowhere", "--lang=ja"),
        ("--lang", "ja", "log", "fsck", "nowhere"),
        ("log", "--lang", "ja", "fsck", "nowhere"),
    ],
)
def test_the_language_may_be_asked_for_anywhere_on_the_line(tmp_path, line):
    assert "ノードではありません" in sekisho_command(*line, cwd=tmp_path, check=10).stderr


def test_a_language_that_is_not_spoken_is_refused():
    refused = sekisho_command("--lang", "fr", "show", "nowhere", check=2)
    assert "'fr' is not one of" in refused.stderr
    assert sekisho_command("--lang", check=2).stderr


def test_what_follows_a_lone_double_dash_is_no_option():
    line = ["show", "--", "--lang", "ja"]
    assert asked_language(line) is None
    assert without_language(line) == line


def test_help_and_usage_faults_are_japanese_when_asked():
    asked = sekisho_command("--lang", "ja", "--help", check=0).stdout
    assert "使い方: sekisho" in asked
    assert "Show this message" not in asked
    for line in (("log",), ("log", "cosign"), ("receipt", "verify"), ("participant", "key")):
        shown = sekisho_command(*line, "--lang", "ja", "--help", check=0).stdout
        assert not any(word in shown for word in ("Usage", "Options", "Show this", "verify a"))
    for line in (("nonsense",), ("init",), ("init", "x", "--nope"), ("serve", "x", "--port", "y")):
        refused = sekisho_command("--lang", "ja", *line, check=2).stderr
        assert "エラー: " in refused
        assert "Error" not in refused
        assert "Try" not in refused


def test_a_usage_fault_is_json_for_programs():
    refused = sekisho_command("init", "--nope", "--json", check=2)
    assert json.loads(refused.stderr)["error"]["faults"][0]["code"] == "cli.usage"


@pytest.mark.parametrize(
    "group", ["log", "participant", "programme", "receipt", "release", "rules"]
)
def test_the_list_of_a_groups_commands_is_never_cut(group, capsys, monkeypatch):
    monkeypatch.setenv("SEKISHO_LANGUAGE", "en")
    assert run([group, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "..." not in shown.split("Commands:")[1]


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 datasets, 0 release plans"), (1, "1 dataset, 1 release plan,"), (2, "2 datasets")],
)
def test_one_is_singular_and_the_rest_plural(count, words):
    fields = {"programme": "p", "datasets": count, "plans": count, "rules": count}
    assert words in sentence("cli.programme-sound", fields)
