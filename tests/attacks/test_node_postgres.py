"""A node whose state lies in a real PostgreSQL: the whole way, kills, and its password kept."""

import json
import os
import shutil
import stat
import subprocess
import sys

import pytest
from sqlalchemy import make_url

import sekisho
from sekisho.cli.main import run
from sekisho.errors import Conflict, SekishoError, StorageError, TamperedError, UsageError
from sekisho.settings import read_settings
from tests.attacks.test_gate_kills import _kill
from tests.lib.postgres import new_database
from tests.lib.small import OWNER, PLANS, PROGRAMME, SECRET_P, rows, write_programme, write_sales

pytestmark = pytest.mark.postgres

PASSWORD = "a-password-that-nobody-may-see"


@pytest.fixture
def address() -> str:
    """An empty database; its server asks for no password, so any may stand in the address."""
    return make_url(new_database()).set(password=PASSWORD).render_as_string(hide_password=False)


def with_data(folder, address):
    write_programme(folder)
    write_sales(folder / "sales.csv", rows(1))
    node = sekisho.init(folder / "node", OWNER, sensitivity={"p-percent": SECRET_P}, store=address)
    node.add_programme(folder / PROGRAMME)
    node.load(PROGRAMME, "sales", folder / "sales.csv")
    return node


def test_a_node_over_postgresql_goes_the_whole_way_and_opens_again(tmp_path, address):
    with with_data(tmp_path, address) as node:
        made = node.release(PROGRAMME, PLANS[0])
    assert not (tmp_path / "node" / "store.sqlite").exists()
    with sekisho.open(tmp_path / "node") as node:
        assert [each.id for each in node.releases()] == [made.id]
        node.release(PROGRAMME, PLANS[1])
        assert node.verify().passed
        assert node.proof(made.id).verified
        assert node.store_kind == "postgresql"
    assert run(["log", "fsck", str(tmp_path / "node")]) == 0


def test_two_processes_release_on_one_node_at_once(tmp_path, address):
    with with_data(tmp_path, address) as node:
        folder = node.folder
    command = [sys.executable, "-m", "sekisho", "release", str(folder), PROGRAMME]
    running = [
        subprocess.Popen([*command, plan, "--json"], stdout=subprocess.PIPE, text=True)
        for plan in PLANS
    ]
    for each in running:
        each.communicate()
    assert [each.returncode for each in running] == [0, 0]
    with sekisho.open(folder) as node:
        assert len(node.releases()) == 2
        assert node.verify().passed


def test_the_password_stands_in_the_settings_alone_and_is_never_shown(
    tmp_path, address, capsys, monkeypatch
):
    monkeypatch.setenv("SEKISHO_LANGUAGE", "en")
    folder = tmp_path / "node"
    broken = address.replace("host=", "host=/nowhere/")
    lines = [
        ["init", folder, "--store", address, "--json"],
        ["doctor", folder],
        ["show", folder, "--json"],
        ["log", "show", folder],
        ["init", tmp_path / "second", "--store", address],
        ["init", tmp_path / "third", "--store", broken],
        ["init", tmp_path / "fourth", "--store", f"mysql://u:{PASSWORD}@h/d"],
    ]
    printed = []
    for line in lines:
        run([str(each) for each in line])
        told = capsys.readouterr()
        printed.append(told.out + told.err)
    command = [sys.executable, "-m", "sekisho", "doctor", str(folder)]
    environment = {**os.environ, "SEKISHO_STORE": broken, "SEKISHO_DEBUG": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    printed += [done.stdout + done.stderr, repr(read_settings(folder / "node.toml"))]
    assert json.loads(printed[0])["folder"] == str(folder)
    assert "store: postgresql" in printed[1]
    assert not [each for each in printed if PASSWORD in each]
    holding = [
        file
        for file in folder.rglob("*")
        if file.is_file() and PASSWORD.encode() in file.read_bytes()
    ]
    assert holding == [folder / "node.toml"]
    assert stat.S_IMODE(holding[0].stat().st_mode) == 0o600
    assert not (tmp_path / "second").exists()
    assert not (tmp_path / "third").exists()


def test_no_error_of_a_store_repeats_its_address(tmp_path, address, monkeypatch):
    wrong = (address.replace("host=", "host=/nowhere/"), f"mysql://u:{PASSWORD}@h/d", PASSWORD)
    for each in wrong:
        with pytest.raises(SekishoError) as caught:
            sekisho.init(tmp_path / "node", OWNER, store=each)
        assert PASSWORD not in str(caught.value)
        assert caught.value.__cause__ is None


def test_an_address_from_the_environment_is_written_nowhere(tmp_path, address, monkeypatch):
    monkeypatch.setenv("SEKISHO_STORE", address)
    sekisho.init(tmp_path / "node", OWNER).close()
    assert PASSWORD not in (tmp_path / "node" / "node.toml").read_text(encoding="utf-8")
    with sekisho.open(tmp_path / "node") as node:
        assert node.store_kind == "postgresql"
    with pytest.raises(UsageError):
        sekisho.init(tmp_path / "other", OWNER, store="postgresql://elsewhere/x")
    monkeypatch.delenv("SEKISHO_STORE")
    with pytest.raises(UsageError) as caught:
        sekisho.open(tmp_path / "node")
    assert caught.value.faults[0].code == "settings.store-missing"


def test_a_database_that_is_a_nodes_or_somebody_elses_founds_no_other(tmp_path, address):
    sekisho.init(tmp_path / "node", OWNER, store=address).close()
    with pytest.raises(Conflict):
        sekisho.init(tmp_path / "other", OWNER, store=address)
    assert not (tmp_path / "other").exists()
    assert [each.name for each in tmp_path.iterdir()] == ["node"]
    with sekisho.open(tmp_path / "node") as node:
        assert node.verify().passed


def test_a_node_whose_server_is_away_says_so_and_is_whole_when_it_is_back(tmp_path, address):
    sekisho.init(tmp_path / "node", OWNER, store=address).close()
    file = tmp_path / "node" / "node.toml"
    said = file.read_text(encoding="utf-8")
    file.write_text(said.replace("host=", "host=/nowhere/"), encoding="utf-8")
    with pytest.raises(StorageError) as caught:
        sekisho.open(tmp_path / "node")
    assert caught.value.faults[0].code == "store.unreachable"
    file.write_text(said, encoding="utf-8")
    with sekisho.open(tmp_path / "node") as node:
        assert node.verify().passed


def test_an_older_copy_of_the_database_is_refused(tmp_path, address):
    sekisho.init(tmp_path / "node", OWNER, store=address).close()
    older = new_database(like=make_url(address).database)
    with sekisho.open(tmp_path / "node") as node:
        node.add_participant(type(OWNER)("b", OWNER.name, OWNER.kind, "JP"))
    file = tmp_path / "node" / "node.toml"
    said = file.read_text(encoding="utf-8")
    name, old = make_url(address).database, make_url(older).database
    file.write_text(said.replace(f"/{name}?", f"/{old}?"), encoding="utf-8")
    with pytest.raises(TamperedError) as caught:
        sekisho.open(tmp_path / "node")
    assert caught.value.faults[0].code == "gate.store-behind"


def test_an_older_copy_of_the_folder_is_made_good_from_the_database(tmp_path, address):
    sekisho.init(tmp_path / "node", OWNER, store=address).close()
    shutil.copytree(tmp_path / "node", tmp_path / "older")
    with sekisho.open(tmp_path / "node") as node:
        node.add_participant(type(OWNER)("b", OWNER.name, OWNER.kind, "JP"))
        size = node.log_book.page().size
    with sekisho.open(tmp_path / "older") as node:
        assert node.log_book.page().size == size
        assert node.verify().passed


def test_a_node_over_postgresql_killed_at_any_moment_is_whole_and_goes_on(tmp_path):
    new_database()
    found = _kill(4, 3, tmp_path, "postgres")
    assert len(found) == 4


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_hundred_kills_leave_every_node_over_postgresql_whole(tmp_path):
    new_database()
    found = _kill(100, 4, tmp_path, "postgres")
    assert len(found) == 100
    assert len({each["entries_left"] for each in found}) > 1, "the kills met no different moments"
