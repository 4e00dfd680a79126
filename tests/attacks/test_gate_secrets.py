"""The holder's parameter, values and names stand in nothing that others can see."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout

import pytest

import sekisho
from sekisho.cli.main import run
from tests.lib.small import (
    OWNER,
    PLANS,
    PROGRAMME,
    SECRET_P,
    make_node,
    rows,
    write_programme,
    write_sales,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    with make_node(tmp_path_factory.mktemp("secrets")) as node:
        for plan in PLANS:
            node.release(PROGRAMME, plan)
        return node.folder


def _said(*arguments):
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        run([str(each) for each in arguments])
    return out.getvalue() + err.getvalue()


def test_no_public_file_holds_the_parameter_or_a_firm(folder):
    for part in ("log", "releases"):
        for file in (folder / part).rglob("*"):
            if file.is_file():
                data = file.read_bytes()
                assert SECRET_P.encode() not in data, file.name
                assert b"firm-" not in data, file.name


def test_no_command_says_the_parameter_or_a_firm(folder):
    releases = json.loads(_said("show", folder, "--json"))["releases"]
    said = [
        _said("show", folder, releases[0], "--all"),
        _said("show", folder, releases[0], "--json"),
        _said("doctor", folder),
        _said("programme", "show", folder, PROGRAMME),
        _said("release", folder, PROGRAMME, PLANS[0]),
    ]
    for text in said:
        assert text
        assert SECRET_P not in text
        assert "firm-" not in text


def test_no_value_of_the_data_is_repeated_in_a_fault(tmp_path):
    write_programme(tmp_path)
    lines = rows(3)
    lines[5] = (
        lines[5].replace(lines[5].split(",")[1], "firm-leaky").rsplit(",", 1)[0] + ",notanumber77"
    )
    lines[6] = lines[6].rsplit(",", 1)[0] + ",-123456.78"
    lines[7] = lines[7].replace(lines[7].split(",")[2], "atlantis")
    with sekisho.init(tmp_path / "node", OWNER, sensitivity={"p-percent": SECRET_P}) as node:
        node.add_programme(tmp_path / PROGRAMME)
        with pytest.raises(sekisho.SekishoError) as caught:
            node.load(PROGRAMME, "sales", write_sales(tmp_path / "s.csv", lines))
    for language in ("en", "ja"):
        said = " ".join(caught.value.sentences(sekisho.terms.Language(language)))
        for secret in ("leaky", "notanumber77", "123456", "atlantis"):
            assert secret not in said


def test_settings_and_parameters_print_nothing_of_themselves(folder):
    with sekisho.open(folder) as node:
        assert SECRET_P not in repr(node._house.private)
        assert SECRET_P not in repr(node._house.private.of(PROGRAMME))
        assert SECRET_P not in repr(node)


def test_private_files_are_for_the_owner_alone(folder):
    for name in ("node.toml", "keys/log.skey", "keys/salts"):
        assert (folder / name).stat().st_mode & 0o077 == 0
    for name in ("keys", "private", "spill"):
        assert (folder / name).stat().st_mode & 0o077 == 0


def test_a_settings_file_that_others_can_read_is_refused(folder):
    (folder / "node.toml").chmod(0o644)
    try:
        with pytest.raises(sekisho.SekishoError):
            sekisho.open(folder)
    finally:
        (folder / "node.toml").chmod(0o600)
