"""The page on PostgreSQL: every block runs, in order, against a real server."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.lib.postgres import _binaries, new_database

pytestmark = pytest.mark.postgres

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "how-to" / "run-on-postgresql.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```bash\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_every_block_of_the_page_runs_and_says_what_the_page_says(tmp_path):
    server = make_url(new_database()).query["host"]
    path = [str(Path(sys.executable).parent), str(_binaries()), os.environ["PATH"]]
    environment = {
        **os.environ,
        "PATH": os.pathsep.join(path),
        "PGHOST": str(server),
        "PGUSER": "postgres",
        "LC_ALL": "C.UTF-8",
        "SEKISHO_LANGUAGE": "en",
    }
    command = ["bash", "-euo", "pipefail", "-c", "\n".join(BLOCKS)]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("store: postgresql") == 2
    assert done.stdout.count("all is well") == 2
    assert "store and log agree on 3 entries" in done.stdout
    assert 'store = "environment"' in done.stdout
    assert len(BLOCKS) == 5
