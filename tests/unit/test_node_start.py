"""A command that reads no data loads no engine: half of what a start would cost."""

import subprocess
import sys

from sekisho.model.actor import Participant
from sekisho.model.text import Text
from sekisho.node import init
from sekisho.terms import ParticipantKind

HEAVY = {
    "duckdb",
    "highspy",
    "numpy",
    "opendp",
    "pandas",
    "pyarrow",
    "scipy",
    "sqlglot",
    "vl_convert",
}

ASKS = """
import sys
import sekisho
with sekisho.open(sys.argv[1]) as node:
    node.programmes(), node.participants(), node.releases(), node.jobs()
    node.records.subjects(), node.records.consents(), node.records.transfers(), node.duties.listed(), node.forms
print(*sorted(set(sys.argv[2:]) & set(sys.modules)))
"""


def test_a_node_that_is_asked_what_it_holds_loads_no_engine(tmp_path):
    owner = Participant("office", Text("Office", "事務所"), ParticipantKind.PUBLIC_BODY, "JP")
    init(tmp_path / "node", owner).close()
    told = subprocess.run(
        [sys.executable, "-c", ASKS, str(tmp_path / "node"), *sorted(HEAVY)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.split() == []


def test_the_engine_that_takes_in_data_loads_no_reader_of_sql():
    asks = "import sys, sekisho.engines.duckdb; print('duckdb' in sys.modules, 'sqlglot' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert told.stdout.split() == ["True", "False"]
