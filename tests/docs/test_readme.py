"""README's commands do what README says, on a clean clone and from the built wheel."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
IN_CI = os.environ.get("CI") == "true"
PYTHON = f"PYTHON={sys.executable}"


def _blocks(file: str, language: str) -> list[str]:
    text = (ROOT / file).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def _clone(folder: Path) -> Path:
    """What a newcomer has: the committed files and what is about to be, nothing installed."""
    clone = folder / "sekisho"
    clone.mkdir()
    named = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in named.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, clone / name)
    return clone


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _environment() -> dict[str, str]:
    dropped = {
        "VIRTUAL_ENV",
        "PYTHONPATH",
        "MAKEFLAGS",
        "MAKELEVEL",
        "MFLAGS",
        "SERVE",
        "NODE",
        "PORT",
    }
    return {k: v for k, v in os.environ.items() if k not in dropped and not k.startswith("PYTEST")}


def test_both_readmes_give_the_same_two_commands():
    for file in ("README.md", "README.ja.md"):
        assert _blocks(file, "console")[0].split("\n")[:2] == ["make demo", "make test"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_two_commands_work_one_after_the_other_on_a_clean_clone(tmp_path):
    """`make demo` until its page answers, then Ctrl-C, then `make test`.

    A merge is judged on a clean clone by the same two, so this is for whoever judges none.
    """
    clone = _clone(tmp_path)
    _demo(clone)
    tested = subprocess.run(
        ["make", "test", "ARGS=-q tests/house", "JOBS=1", PYTHON],
        cwd=clone,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert tested.returncode == 0, tested.stdout + tested.stderr


def _demo(clone: Path) -> None:
    port = _free_port()
    demo = subprocess.Popen(
        ["make", "demo", f"PORT={port}", PYTHON],
        cwd=clone,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    said = []
    for line in demo.stdout:
        said.append(line)
        if f"127.0.0.1:{port}" in line:
            break
    output = "".join(said)
    if "Could not find a version" in output or "Connection" in output:
        assert not IN_CI, output
        pytest.skip("no package registry can be reached from here")
    try:
        page = _fetch(f"http://127.0.0.1:{port}/")
        assert "Sekisho" in page, output
    finally:
        os.killpg(demo.pid, signal.SIGINT)
        demo.wait(60)
        demo.stdout.close()
    assert "inclusion proof verified" in output
    assert "the whole log verifies" in output


def _fetch(address: str) -> str:
    for _ in range(100):
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"nothing answered at {address}")


@pytest.fixture(scope="module")
def wheel_run(tmp_path_factory):
    """The built wheel installed in a folder of its own, and a demo node made from there."""
    folder = tmp_path_factory.mktemp("wheel")
    clone = _clone(folder)
    build = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(folder),
        ".",
    ]
    subprocess.run(build, cwd=clone, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    site = folder / "site"
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(site),
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True)
    shutil.rmtree(clone)
    environment = {**_environment(), "PYTHONPATH": str(site)}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    where = run("-c", "import sekisho; print(sekisho.__file__)")
    assert str(site) in where.stdout
    done = run("-m", "sekisho", "demo", "demo-node", "--no-serve", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), folder, run


def test_the_demo_runs_from_the_built_wheel(wheel_run):
    answer, _folder, _run = wheel_run
    assert answer["log_verified"]
    assert all(each["proof_verified"] for each in answer["releases"])
    assert len(answer["releases"]) == 6


def test_a_second_demo_over_the_first_releases_nothing_twice(wheel_run):
    answer, _folder, run = wheel_run
    again = run("-m", "sekisho", "demo", "demo-node", "--no-serve", "--json")
    assert again.returncode == 0, again.stderr
    said = json.loads(again.stdout)
    assert [r["release"] for r in said["releases"]] == [r["release"] for r in answer["releases"]]
    assert said["entries"] == answer["entries"]


def test_the_python_of_the_readme_runs(wheel_run):
    _answer, _folder, run = wheel_run
    for file in ("README.md",):
        for block in _blocks(file, "python"):
            done = run("-c", block)
            assert done.returncode == 0, done.stderr
            assert "True" in done.stdout


def test_the_commands_of_the_readme_run(wheel_run):
    _answer, _folder, run = wheel_run
    commands = [
        line for block in _blocks("README.md", "console")[1:] for line in block.splitlines()
    ]
    assert commands
    for line in commands:
        name, *arguments = line.split()
        assert name == "sekisho"
        done = run("-m", "sekisho", *arguments)
        assert done.returncode == 0, f"{line}: {done.stderr}"
        assert done.stdout
