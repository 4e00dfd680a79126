"""A page of the manual, typed: its bash blocks run in order, and what each printed.

A command of Sekisho runs inside the test's process, since a start costs a second; every other
line runs in bash. `|| true` behind a command of Sekisho says that it is refused.
"""

import contextlib
import io
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from sekisho.cli.main import run

_BLOCK = re.compile(r"^```(bash|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Typed:
    """A bash block, what it printed, and what the page says that it prints."""

    block: str
    printed: str
    shown: tuple[str, ...]


def type_page(page: Path, folder: Path) -> list[Typed]:
    """Type every bash block of a page in a folder; a command that ends badly fails the test."""
    typed: list[Typed] = []
    with contextlib.chdir(folder):
        for kind, text in _BLOCK.findall(page.read_text("utf-8")):
            if kind == "bash":
                typed.append(Typed(text, _typed(text), ()))
            else:
                typed[-1] = Typed(typed[-1].block, typed[-1].printed, tuple(text.splitlines()))
    return typed


def missing_lines(typed: Typed) -> list[str]:
    """Lines that the page shows and that were not printed in that order; `…` stands for anything.

    A space that does not break counts as one that does.
    """
    left, missing = re.sub("[\u00a0\u202f]", " ", typed.printed), []
    for line in typed.shown:
        pattern = ".*".join(re.escape(each) for each in line.split("…"))
        found = re.search(rf"^{pattern}$", left, re.MULTILINE)
        if found is None:
            missing.append(line)
        else:
            left = left[found.end() :]
    return missing


def _typed(block: str) -> str:
    """What a block prints, on both streams, in order."""
    printed = ""
    for own, words in _pieces(block):
        printed += _sekisho(words) if own else _bash(words)
    return printed


def _pieces(block: str) -> list[tuple[bool, str]]:
    """Commands of Sekisho alone, and what lies between them."""
    pieces: list[tuple[bool, str]] = []
    for line in block.replace("\\\n", " ").splitlines():
        own = line.startswith("sekisho ")
        if pieces and not own and not pieces[-1][0]:
            pieces[-1] = (False, f"{pieces[-1][1]}\n{line}")
        else:
            pieces.append((own, line))
    return pieces


def _sekisho(line: str) -> str:
    wanted, _, may_fail = line.partition(" || ")
    told = io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
        code = run(shlex.split(wanted)[1:])
    assert (code != 0) is bool(may_fail), f"{line}\n{told.getvalue()}"
    return told.getvalue()


def _bash(lines: str) -> str:
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", lines], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, lines + ended.stderr
    return ended.stdout
