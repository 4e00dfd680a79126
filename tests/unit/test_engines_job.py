"""A job of the engine reports progress, can be stopped, and leaves nothing behind."""

import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from sekisho.engines.duckdb import DuckDBEngine, sweep
from sekisho.engines.duckdb.session import Limits, session
from sekisho.engines.duckdb.spill import spill_folder
from sekisho.errors import CancelledError, StorageError
from sekisho.ports import Sources, Watch
from tests.lib.queries import SALES, cells_of, read, sale, sources_of, write_rows

SLOW = "SELECT sum(a.range * b.range) FROM range(200000) a, range(200000) b"


def test_a_stopped_query_ends_soon_and_its_folder_is_gone(tmp_path):
    asked = threading.Event()
    threading.Timer(0.2, asked.set).start()
    started = time.monotonic()
    watch = Watch(cancelled=asked.is_set)
    with (
        pytest.raises(CancelledError),
        session(Limits(spill_root=tmp_path), watch, []) as opened,
    ):
        opened.run(SLOW, "query.phase-cells")
    assert time.monotonic() - started < 20
    assert list(tmp_path.iterdir()) == []


def test_work_that_is_cancelled_before_it_begins_does_not_begin(tmp_path):
    sources = sources_of(tmp_path, [sale("a", "1")])
    query = read("SELECT count(*) AS n FROM sales").aggregate
    stopped = Watch(cancelled=lambda: True)
    with pytest.raises(CancelledError):
        DuckDBEngine().contributions(query, sources, "firm", 1, stopped)


def test_a_delivery_can_be_stopped_and_leaves_nothing(tmp_path):
    source, target = tmp_path / "rows.parquet", tmp_path / "t.parquet"
    write_rows(tmp_path, [sale("a", "1")])
    with pytest.raises(CancelledError):
        DuckDBEngine().deliver(source, SALES, target, Watch(cancelled=lambda: True))
    assert not target.exists()


def test_a_query_reports_its_phase(tmp_path):
    said = []
    sources = sources_of(tmp_path, [sale("a", "1")])
    query = read("SELECT count(*) AS n FROM sales").aggregate
    watch = Watch(progress=lambda phase, done, total: said.append((phase, done, total)))
    DuckDBEngine().contributions(query, sources, "firm", 1, watch)
    assert said[-1] == ("query.phase-cells", 100, 100)


def test_the_spill_folder_is_private_and_gone_afterwards(tmp_path):
    with spill_folder(tmp_path) as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert sweep(tmp_path) == 0
        assert folder.exists()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_job_left_is_swept_away(tmp_path):
    code = (
        "import os, sys, pathlib\n"
        "from sekisho.engines.duckdb.spill import spill_folder\n"
        "with spill_folder(pathlib.Path(sys.argv[1])) as folder:\n"
        "    (folder / 'rows').write_text('personal')\n"
        "    os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert len(list(tmp_path.iterdir())) == 1
    assert sweep(tmp_path) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_query_larger_than_its_memory_spills_or_says_so(tmp_path):
    limits = Limits(memory_mb=64, spill_root=tmp_path)
    sql = "SELECT count(*) FROM (SELECT range AS a, range * 7 AS b FROM range(3000000) ORDER BY b)"
    with session(limits, Watch(), []) as opened:
        assert opened.table(sql, "query.phase-cells").num_rows == 1
    assert list(tmp_path.iterdir()) == []


def test_a_missing_delivery_is_a_storage_error(tmp_path):
    sources = sources_of(tmp_path, [sale("a", "1")])
    gone = Sources({"sales": (SALES, (tmp_path / "gone.parquet",))}, sources.lookups)
    with pytest.raises(StorageError):
        cells_of(DuckDBEngine(), "SELECT count(*) AS n FROM sales", gone)


FULL = """
import resource, sys, pathlib
from sekisho.engines.duckdb import DuckDBEngine
from sekisho.errors import StorageError
from sekisho.ports import Watch
from sekisho.programmes.read import read_programme
programme = pathlib.Path(sys.argv[1])
dataset = read_programme(programme).dataset("deliveries")
source, target = pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    DuckDBEngine().deliver(source, dataset, target, Watch())
except StorageError:
    sys.exit(7)
"""


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_full_disk_is_a_storage_error_and_nothing_is_left(tmp_path, kind):
    import pyarrow.csv
    import pyarrow.parquet as pq

    programme = Path(__file__).resolve().parents[2] / "programmes" / "cross-border-ecommerce"
    sample = programme / "sample" / "deliveries.parquet"
    source = tmp_path / f"source.{kind}"
    if kind == "csv":
        pyarrow.csv.write_csv(pq.read_table(sample), source)
    else:
        source.write_bytes(sample.read_bytes())
    target = tmp_path / "target.parquet"
    command = [sys.executable, "-c", FULL, str(programme), str(source), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 7, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == [source.name]
