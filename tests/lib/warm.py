"""Commands that start at once: a process that has loaded Sekisho forks one for each of them.

A page of the manual calls dozens of commands, and a start costs a second. Here a small program named
`sekisho` hands its arguments, folder, environment and streams to a process that has loaded the rooms
already; that one forks, and the fork runs the command as the real program does, and ends.
"""

import array
import atexit
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SHIM = f"""#!{sys.executable} -IS
import array, json, os, signal, socket, struct, sys
asked = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
with socket.socket(socket.AF_UNIX) as way:
    way.connect(os.path.join(os.path.dirname(os.path.abspath(__file__)), "way"))
    streams = array.array("i", [0, 1, 2])
    way.sendmsg([struct.pack("!I", len(asked))], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)])
    way.sendall(asked)
    (child,) = struct.unpack("!i", way.recv(4, socket.MSG_WAITALL))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda given, _frame: os.kill(child, given))
    told = way.recv(4, socket.MSG_WAITALL)
sys.exit(struct.unpack("!i", told)[0] if len(told) == 4 else 137)
"""

LEFT_COLD = ("sekisho.cli", "sekisho.stores.migrations", "sekisho.__main__")
"""What must see each command's own environment when it is imported."""


@cache
def warm_folder() -> Path:
    """A folder for PATH in which `sekisho` starts at once; its process ends with this one."""
    folder = Path(tempfile.mkdtemp(prefix="warm-"))
    shim = folder / "sekisho"
    shim.write_text(SHIM, encoding="utf-8")
    shim.chmod(stat.S_IRWXU)
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.lib.warm", str(folder / "way")],
        cwd=Path(__file__).resolve().parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert server.stdout is not None
    assert server.stdout.readline() == b"warm\n"
    atexit.register(server.kill)
    return folder


def warm_environment() -> dict[str, str]:
    """The environment of a page of the manual: English, eighty columns, commands that are warm."""
    return {
        **os.environ,
        "PATH": os.pathsep.join(
            [str(warm_folder()), str(Path(sys.executable).parent), os.environ["PATH"]]
        ),
        "LC_ALL": "C.UTF-8",
        "SEKISHO_LANGUAGE": "en",
        "COLUMNS": "80",
    }


def _rooms() -> Iterator[str]:
    import sekisho

    for each in pkgutil.walk_packages(sekisho.__path__, "sekisho."):
        if not each.name.startswith(LEFT_COLD):
            yield each.name


def serve(way: str) -> None:
    """Load every room, then fork a process for each command that is asked for."""
    for name in _rooms():
        importlib.import_module(name)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(way)
    listener.listen()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    sys.stdout.write("warm\n")
    sys.stdout.flush()
    # Nobody writes to stdin: it ends when the process that tests ends, however it ends.
    while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
        asked, _ = listener.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listener.close()
            _run(asked)
        asked.close()


def _run(asked: socket.socket) -> None:
    streams = array.array("i")
    head, given, _, _ = asked.recvmsg(4, socket.CMSG_LEN(3 * streams.itemsize))
    streams.frombytes(given[0][2])
    (length,) = struct.unpack("!I", head)
    arguments, folder, environment = json.loads(asked.recv(length, socket.MSG_WAITALL))
    for own, theirs in enumerate(streams):
        os.dup2(theirs, own)
        os.close(theirs)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - for the whole process
        for number, mode in ((0, "r"), (1, "w"), (2, "w"))
    )
    asked.sendall(struct.pack("!i", os.getpid()))
    code = 1
    try:
        from sekisho.cli.main import run

        code = run(arguments)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        asked.sendall(struct.pack("!i", code))
        os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1])
