"""The command line: what people type, what they read, how it ends."""

import json
import os
import socket
import subprocess
import sys
import threading

import pytest

import sekisho
from tests.lib.small import OWNER, PLANS, PROGRAMME, make_node, rows, write_programme, write_sales
from tests.lib.warm import warm_folder


def sekisho_command(*arguments, cwd=None, language=None, check=None, cold=False):
    """A command in a process of its own; `cold`: started as a user starts it, which takes longer."""
    environment = {**os.environ, "LANG": "C", "LC_ALL": "C"}
    if language:
        environment["SEKISHO_LANGUAGE"] = language
    started = [sys.executable, "-m", "sekisho"] if cold else [str(warm_folder() / "sekisho")]
    done = subprocess.run(
        [*started, *map(str, arguments)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if check is not None:
        assert done.returncode == check, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def node_folder(tmp_path_factory):
    with make_node(tmp_path_factory.mktemp("cli")) as node:
        node.release(PROGRAMME, PLANS[0])
        return node.folder


def test_help_imports_no_heavy_library():
    code = (
        "import sys; from sekisho.cli.main import run; run(['--help']); "
        "heavy = {'duckdb','sqlglot','opendp','sqlalchemy','numpy','scipy','pyarrow','cedarpy','rich',"
        "'alembic','fastapi','vl_convert','highspy','cryptography'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_speaks_both_languages():
    assert "データの関所" not in sekisho_command("--help", check=0).stdout
    assert "データの関所" in sekisho_command("--help", language="ja", check=0).stdout


@pytest.mark.parametrize(
    "command", ["init", "load", "release make", "show", "serve", "doctor", "demo"]
)
def test_every_command_has_help_json_and_lang(command):
    said = sekisho_command(*command.split(), "--help", check=0).stdout
    assert "--json" in said
    assert "--lang" in said


def test_the_whole_way_by_hand(tmp_path):
    write_programme(tmp_path)
    write_sales(tmp_path / "sales.csv", rows(1))
    node = tmp_path / "n"
    sekisho_command("init", node, "--participant", "office", "--jurisdiction", "JP", check=0)
    sekisho_command("programme", "check", tmp_path / PROGRAMME, check=0)
    sekisho_command("programme", "add", node, tmp_path / PROGRAMME, check=0)
    loaded = sekisho_command(
        "load", node, PROGRAMME, "sales", tmp_path / "sales.csv", "--json", check=0
    )
    assert json.loads(loaded.stdout)["rows"] == 220
    refused = sekisho_command("release", node, PROGRAMME, PLANS[0])
    assert refused.returncode == 6
    assert "[sensitivity]" in refused.stderr
    with (node / "node.toml").open("a") as settings:
        settings.write("p-percent = 10\n")
    made = sekisho_command("release", node, PROGRAMME, PLANS[0], check=0)
    assert "inclusion proof verified" in made.stdout
    listed = json.loads(sekisho_command("show", node, "--json", check=0).stdout)
    assert listed["releases"] == [f"{PROGRAMME}.{PLANS[0]}.r1"]
    verified = sekisho_command("log", "verify", node, check=0)
    assert verified.stdout


def test_a_terminal_in_ascii_can_show_a_japanese_table(node_folder):
    done = sekisho_command(
        "show", node_folder, f"{PROGRAMME}.{PLANS[0]}.r1", "--lang", "ja", check=0, cold=True
    )
    assert "秘匿" in done.stdout


def test_a_fault_is_one_sentence_in_the_language_asked_for(node_folder):
    english = sekisho_command("release", node_folder, PROGRAMME, "no-such-plan")
    japanese = sekisho_command("release", node_folder, PROGRAMME, "no-such-plan", "--lang", "ja")
    assert english.returncode == japanese.returncode == 8
    assert "`no-such-plan`" in english.stderr
    assert "公表計画" in japanese.stderr
    assert "Traceback" not in english.stderr
    as_json = sekisho_command("release", node_folder, PROGRAMME, "no-such-plan", "--json")
    assert json.loads(as_json.stderr)["error"]["faults"][0]["code"] == "gate.no-plan"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("show", "nowhere"), 10),
        (("load", "nowhere", "a", "b", "c"), 10),
        (("nonsense",), 2),
        (("init",), 2),
        (("programme", "check", "nowhere"), 3),
    ],
)
def test_exit_codes_say_what_kind_of_fault_it_was(tmp_path, arguments, code):
    done = sekisho_command(*arguments, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


def test_init_over_something_that_is_there_is_refused(tmp_path):
    (tmp_path / "n").mkdir()
    (tmp_path / "n" / "mine.txt").write_text("keep me")
    assert sekisho_command("init", tmp_path / "n").returncode == 9
    assert (tmp_path / "n" / "mine.txt").read_text() == "keep me"


def test_a_port_in_use_is_said_at_once(node_folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = sekisho_command("serve", node_folder, "--port", port)
    assert done.returncode == 9
    assert str(port) in done.stderr


def test_two_loads_of_one_file_at_once_are_one_delivery(tmp_path):
    write_programme(tmp_path)
    file = write_sales(tmp_path / "sales.csv", rows(1))
    with sekisho.init(tmp_path / "node", OWNER, sensitivity={"p-percent": 10}) as node:
        node.add_programme(tmp_path / PROGRAMME)
        folder = node.folder
    running = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "sekisho",
                "load",
                str(folder),
                PROGRAMME,
                "sales",
                str(file),
                "--json",
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    answers = [json.loads(each.communicate()[0]) for each in running]
    assert {each.returncode for each in running} == {0}
    assert len({each["delivery"] for each in answers}) == 1
    with sekisho.open(folder) as node:
        assert len(node._house.store.deliveries(PROGRAMME, "sales")) == 1
        assert node.verify().passed


def test_a_server_a_command_and_a_notebook_use_one_node_at_once(tmp_path):
    from starlette.testclient import TestClient

    from sekisho.web.app import create_app

    with make_node(tmp_path) as notebook, sekisho.open(notebook.folder) as served:
        client = TestClient(create_app(served), base_url="http://127.0.0.1")
        done = []
        command = threading.Thread(
            target=lambda: done.append(
                sekisho_command("release", notebook.folder, PROGRAMME, PLANS[0], check=0)
            )
        )
        command.start()
        other = notebook.release(PROGRAMME, PLANS[1])
        assert client.get("/en/").status_code == 200
        command.join()
        assert done
        assert len(notebook.releases()) == 2
        page = client.get(f"/en/releases/{PROGRAMME}/{PLANS[1]}")
        assert page.status_code == 200
        assert other.table.title.en in page.text
        assert notebook.verify().passed


def test_another_actor_may_do_only_what_its_role_allows(node_folder):
    added = sekisho_command(
        "participant",
        "add",
        node_folder,
        "reader",
        "--name-en",
        "Reader",
        "--name-ja",
        "閲覧者",
        "--kind",
        "researcher",
        "--jurisdiction",
        "JP",
    )
    assert added.returncode == 0, added.stderr
    sekisho_command(
        "participant", "actor", node_folder, "reader", "eve", "--role", "data-user", check=0
    )
    refused = sekisho_command("release", node_folder, PROGRAMME, PLANS[0], "--as", "eve")
    assert refused.returncode == 7
    assert sekisho_command("show", node_folder, "--as", "eve").returncode == 0
    assert sekisho_command("show", node_folder, "--as", "nobody").returncode == 8


def test_a_node_is_not_made_for_an_owner_of_no_kind_or_no_country(tmp_path):
    for wrong in (["--kind", "company"], ["--jurisdiction", "Japan"]):
        refused = sekisho_command("init", tmp_path / "node", *wrong, check=2)
        assert "fault in Sekisho" not in refused.stderr
        assert not (tmp_path / "node").exists()


def test_a_node_without_a_programme_says_how_to_get_one(tmp_path):
    sekisho_command("init", tmp_path / "node", check=0)
    listed = sekisho_command("programme", "list", tmp_path / "node", check=0)
    assert "`sekisho programme add`" in listed.stdout


def test_a_folder_that_is_no_node_is_named_before_a_key_is_asked_for(tmp_path):
    refused = sekisho_command("log", "verify", "nowhere", cwd=tmp_path, check=2)
    assert "`nowhere` is not a node's folder" in refused.stderr
