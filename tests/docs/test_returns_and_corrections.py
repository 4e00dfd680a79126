"""The pages on returns, and on planned and corrected releases, do what they say."""

import contextlib
import io
import os
import re
import shlex
import subprocess
import threading
import time
from pathlib import Path

import pytest
import uvicorn

from sekisho.cli.main import run
from sekisho.web.app import create_app
from sekisho.web.serve import listening_socket
from tests.lib.calendars import CALENDAR, PROGRAMME, plain_node, write_planned
from tests.lib.small import rows, write_sales

DOCS = Path(__file__).resolve().parents[2] / "docs" / "how-to"
RETURNS = (DOCS / "bring-returns.md").read_text(encoding="utf-8")
PLANNED = (DOCS / "plan-and-correct-releases.md").read_text(encoding="utf-8")
BLOCK = re.compile(
    r"^```(python operator|python|bash)\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?",
    re.DOTALL | re.MULTILINE,
)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def printed(code, names):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "bring-returns.md", "exec"), names)
    return out.getvalue()


@contextlib.contextmanager
def served(node):
    """The node's real address while the block runs."""
    with listening_socket("127.0.0.1", 0) as listening:
        config = uvicorn.Config(create_app(node), log_level="critical", server_header=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.02)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def test_the_page_on_returns_does_what_it_says(here, monkeypatch):
    names: dict[str, object] = {}
    ran = set()
    for kind, code, said in BLOCK.findall(RETURNS):
        ran.add(kind)
        if kind == "python":
            assert printed(code, names) == said
            continue
        with served(names["node"]) as address:
            environment = {**os.environ, "NODE": address, "TOKEN": names["tokens"]["ISP-B"]}
            if kind == "bash":
                subprocess.run(["bash", "-euc", code], env=environment, check=True)
                continue
            for name in ("NODE", "TOKEN"):
                monkeypatch.setenv(name, environment[name])
            assert printed(code, {}) == said
    assert ran == {"python", "bash", "python operator"}
    names["node"].close()


@pytest.mark.slow
def test_the_page_on_planned_and_corrected_releases_does_what_it_says(here, capsys):
    shown = re.search(r"^```toml\n(.*?)^```$", PLANNED, re.DOTALL | re.MULTILINE)[1]
    with plain_node(here) as node:
        node.add_programme(write_planned(here, extra="early = []\n"))
    assert shown.splitlines()[:4] == CALENDAR.strip().splitlines()
    write_sales(here / "more.csv", rows(9, count=80, firms=9, start=9000))
    said = ""
    for _kind, code, _said in BLOCK.findall(PLANNED):
        for line in code.replace("\\\n", " ").splitlines():
            program, *arguments = shlex.split(line)
            assert program == "sekisho"
            assert run(arguments) == 0, line
            said += capsys.readouterr().out
    assert f"{PROGRAMME}.by-place.r1 is made and waits" in said
    assert "! This release was corrected" in said
    assert "Planned for 29 January 2097" in said
    assert (here / "calendar.ics").read_bytes().startswith(b"BEGIN:VCALENDAR\r\n")
