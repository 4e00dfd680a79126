"""A connection reaches the files of its job and nothing else, whatever it is told."""

import duckdb
import pytest

from sekisho.engines.duckdb.session import Limits, session
from sekisho.engines.duckdb.views import dataset_view
from sekisho.ports import Watch
from tests.lib.queries import SALES, sale, write_rows


@pytest.fixture
def opened(tmp_path):
    allowed = write_rows(tmp_path, [sale("a", "1")])
    write_rows(tmp_path, [sale("b", "2")], name="other.parquet")
    (tmp_path / "secret.csv").write_text("a\n1\n")
    limits = Limits(spill_root=tmp_path)
    with session(limits, Watch(), [allowed]) as found:
        yield found.connection, tmp_path


def test_a_named_file_can_be_read(opened):
    connection, folder = opened
    assert connection.execute(f"SELECT count(*) FROM '{folder}/rows.parquet'").fetchall() == [(1,)]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM '{folder}/other.parquet'",
        "SELECT * FROM read_parquet('{folder}/*.parquet')",
        "SELECT * FROM read_csv('{folder}/secret.csv')",
        "SELECT * FROM read_text('{folder}/secret.csv')",
        "SELECT * FROM read_blob('{folder}/secret.csv')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_csv('{folder}/rows.parquet/../secret.csv')",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM parquet_metadata('{folder}/other.parquet')",
        "COPY (SELECT 1) TO '{folder}/out.csv'",
        "COPY (SELECT 1) TO '/dev/stdout'",
        "EXPORT DATABASE '{folder}/dump'",
        "ATTACH '{folder}/x.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SELECT * FROM 'https://example.org/x.parquet'",
        "SET memory_limit = '64GB'",
        "SET enable_external_access = true",
        "SET allowed_paths = ['/etc/passwd']",
        "SET allowed_directories = ['/etc']",
        "SET lock_configuration = false",
        "RESET enable_external_access",
        "SET temp_directory = '/etc'",
        "SET threads = 64",
        "CREATE SECRET s (TYPE s3)",
    ],
)
def test_nothing_else_can_be_reached_or_changed(opened, statement):
    connection, folder = opened
    before = sorted(path.name for path in folder.iterdir())
    with pytest.raises(duckdb.Error):
        connection.execute(statement.format(folder=folder)).fetchall()
    assert sorted(path.name for path in folder.iterdir()) == before


def test_python_variables_are_not_tables(opened):
    import pyarrow as pa

    hidden = pa.table({"a": [1]})
    assert hidden.num_rows == 1
    with pytest.raises(duckdb.Error):
        opened[0].execute("SELECT * FROM hidden").fetchall()


def test_a_path_with_pattern_characters_means_one_file(tmp_path):
    folder = tmp_path / "a[b]*?'x"
    folder.mkdir()
    path = write_rows(folder, [sale("a", "1")], name="r*ws.parquet")
    write_rows(folder, [sale("a", "1")] * 5, name="rows.parquet")
    with session(Limits(spill_root=tmp_path), Watch(), [path]) as found:
        view = dataset_view(
            SALES, [(path, dict.fromkeys((c.name for c in SALES.columns), ""))], "firm"
        )
        found.connection.execute(view)
        counted = found.connection.execute('SELECT count(*) FROM "dataset:sales"').fetchall()
    assert counted == [(1,)]
