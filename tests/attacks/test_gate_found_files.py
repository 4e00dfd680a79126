"""What is brought as data but is none is refused with a sentence, at once."""

import os

import pytest

import sekisho
from sekisho.errors import DeliveryError
from tests.lib.small import OWNER, PROGRAMME, SECRET_P, rows, write_programme, write_sales


@pytest.fixture
def node(tmp_path):
    with sekisho.init(tmp_path / "node", OWNER, sensitivity={"p-percent": SECRET_P}) as made:
        made.add_programme(write_programme(tmp_path))
        yield made


def _is_refused(node, source):
    with pytest.raises(DeliveryError) as refused:
        node.load(PROGRAMME, "sales", source)
    assert not list(node.folder.glob("deliveries/**/*.parquet"))
    return str(refused.value)


def test_a_text_without_any_of_the_columns_is_refused(node, tmp_path):
    """A key or a password file by mistake: no line of it in the message."""
    other = tmp_path / "other.csv"
    other.write_text("3f9a0c-a-secret-line\nanother:secret:line\n", encoding="utf-8")
    assert "another" not in _is_refused(node, other)


def test_a_pipe_is_refused_and_not_waited_for(node, tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    _is_refused(node, tmp_path / "pipe.csv")


def test_a_device_is_refused(node):
    _is_refused(node, "/dev/zero")


def test_a_name_that_no_file_can_have_is_refused(node):
    _is_refused(node, "a\0b.csv")


def test_a_file_without_a_header_repeats_no_firm_and_no_amount(node, tmp_path):
    """Its first line is data: taken for column names, it stood in the message."""
    bare = tmp_path / "bare.csv"
    bare.write_text("1,firm-secret,north,n1,rice,2019,98765.00\n", encoding="utf-8")
    said = _is_refused(node, bare)
    assert "firm-secret" not in said
    assert "98765" not in said


def test_rows_that_were_brought_before_are_not_counted_twice(node, tmp_path):
    """A corrected file, brought whole beside the first: every cell would have doubled."""
    first = rows(1)
    node.load(PROGRAMME, "sales", write_sales(tmp_path / "first.csv", first))
    node.load(PROGRAMME, "sales", write_sales(tmp_path / "more.csv", rows(2, start=1000)))
    corrected = write_sales(tmp_path / "corrected.csv", [*first[:-1], rows(3)[-1]])
    with pytest.raises(DeliveryError):
        node.load(PROGRAMME, "sales", corrected)
    assert len(list(node.folder.glob("deliveries/**/*.parquet"))) == 2
