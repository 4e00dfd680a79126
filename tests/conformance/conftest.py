"""Judges that come from elsewhere: Chromium, and Go's checksum database."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def chromium():
    """A browser without network, or the reason why there is none; missing is a failure where CI says so."""
    path = (
        os.environ.get("SEKISHO_CHROMIUM")
        or shutil.which("chromium")
        or shutil.which("google-chrome")
    )
    if path is None:
        reason = "no Chromium: set SEKISHO_CHROMIUM or install Debian's package `chromium`"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def go_judge(tmp_path_factory):
    """The Go program that checks a log, built from Debian's packages; says how it ended and what it said."""
    go, source = shutil.which("go"), Path("/usr/share/gocode/src/golang.org/x/mod/sumdb")
    if go is None or not source.is_dir():
        reason = "no Go judge: install Debian's packages `golang` and `golang-golang-x-mod-dev`"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    program = tmp_path_factory.mktemp("go") / "judge"
    environment = {
        "PATH": os.environ["PATH"],
        "GO111MODULE": "off",
        "GOPATH": "/usr/share/gocode",
        "GOPROXY": "off",
        "GOCACHE": str(program.parent / "cache"),
    }
    built = [go, "build", "-o", str(program), "."]
    subprocess.run(built, cwd=Path(__file__).parent / "go_judge", env=environment, check=True)

    def judge(*arguments: object) -> tuple[int, str]:
        ended = subprocess.run(
            [program, *map(str, arguments)], capture_output=True, text=True, check=False
        )
        return ended.returncode, ended.stdout + ended.stderr

    return judge
