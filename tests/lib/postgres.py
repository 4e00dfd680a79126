"""A real PostgreSQL server for the tests: started once a process, stopped when it ends."""

import atexit
import itertools
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

_numbers = itertools.count()


def _binaries() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return versions[-1].parent if versions else None


def _as_server_user() -> list[str]:
    """The server refuses to run as root; then the system's user `postgres` runs it."""
    return ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


@cache
def _server() -> Path | None:
    """The folder of the running server's socket; None where PostgreSQL is not installed."""
    binaries = _binaries()
    if binaries is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix="sekisho-pg-", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    data, user = folder / "data", _as_server_user()
    initdb = ["-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]
    _run([*user, binaries / "initdb", *initdb, "-D", data])
    options = f"-k {folder} -c fsync=off -c listen_addresses='' -c max_connections=200"
    start = ["-D", data, "-l", folder / "log", "-w", "-o", options, "start"]
    _run([*user, binaries / "pg_ctl", *start])
    atexit.register(_stop, binaries, folder)
    return folder


def _run(command: list[str | Path]) -> None:
    subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL)


def _stop(binaries: Path, folder: Path) -> None:
    stop = [binaries / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop"]
    _run([*_as_server_user(), *stop])
    shutil.rmtree(folder, ignore_errors=True)


def new_database(like: str | None = None) -> str:
    """The address of a database, empty or like another; skips the test without PostgreSQL."""
    socket = _server()
    if socket is None:
        import pytest  # here, because processes that tests start need it not

        why = "PostgreSQL's server is not installed (Debian: apt-get install postgresql)"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    name = f"node_{next(_numbers)}"
    engine = create_engine(
        f"postgresql+psycopg://postgres@/postgres?host={socket}",
        isolation_level="AUTOCOMMIT",
        poolclass=NullPool,
    )
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {like or 'template1'}"))
    return f"postgresql://postgres@/{name}?host={socket}"
