from decimal import Decimal

import pytest
from rich.cells import cell_len

from sekisho.model.table import SUPPRESSED, Row, TableDimension, Uncertainty
from sekisho.model.text import Text
from sekisho.present.pivot import legend, pivot, said, shown_decimals
from sekisho.present.terminal import Space, print_table, table_text
from sekisho.terms import Language
from tests.lib.releases import DESTINATION, YEAR, purchases, small

EN, JA = Language.EN, Language.JA


@pytest.mark.parametrize("width", [60, 80, 100, 200])
@pytest.mark.parametrize("language", Language)
def test_no_line_is_wider_than_the_terminal(width, language):
    text = table_text(purchases(), language, Space(width), file="out/purchases.csv")
    lines = [line for line in text.splitlines() if "purchases.csv" not in line]
    assert max(map(cell_len, lines)) <= width


def test_a_shortened_table_says_how_much_of_it_is_shown_and_where_the_rest_lies():
    text = table_text(purchases(), EN, Space(100), file="out/purchases.csv")
    assert (
        "first 12 of 52 rows and 5 of 11 columns; the whole table is in out/purchases.csv" in text
    )


def test_a_long_path_is_never_broken_so_that_it_can_be_copied():
    file = "/a/very/long/folder/" * 12 + "purchases.csv"
    assert file in table_text(purchases(), JA, Space(60), file=file)


def test_what_is_shown_whole_is_not_said_to_be_cut():
    rows = table_text(purchases(), EN, Space(300, max_rows=5))
    columns = table_text(purchases(), EN, Space(60, max_rows=1000))
    assert "first 5 of 52 rows" in rows
    assert "columns" not in rows
    assert "of 11 columns" in columns
    assert "rows" not in columns


def test_a_whole_table_says_nothing_of_being_shortened():
    text = table_text(purchases(), EN, Space(300, max_rows=1000))
    assert "first" not in text
    assert "Western Africa" in text


def test_columns_of_wide_characters_line_up():
    text = table_text(purchases(), JA, Space(80))
    lines = text.splitlines()[2:15]
    assert len({cell_len(line.rstrip()) for line in lines}) == 1


def test_a_group_name_is_never_read_as_markup():
    text = table_text(small(1, rows=(Row(("[red]a[/red]",), 1),)), EN)
    assert "[red]a[/red]" in text


def test_the_hidden_mark_is_explained_and_reads_as_no_number():
    table = small(Decimal(5), SUPPRESSED)
    assert "[c]" in table_text(table, EN)
    assert "[c] : confidential. 1 of 2 cells are hidden" in " ".join(table_text(table, EN).split())
    assert said(SUPPRESSED, 0, JA) == "X"
    assert said(None, 0, EN) not in {"0", ""}


def test_zero_is_a_dash_in_japanese_tables_and_explained():
    assert said(Decimal(0), 2, JA) == "-"
    assert said(Decimal(0), 2, EN) == "0.00"
    assert any("該当する数値がない" in note for note in legend(small(Decimal(0)), JA))


def test_large_numbers_are_rounded_half_up_and_the_reader_is_told():
    table = small(Decimal("100000.50"), Decimal("2.50"), decimals=2)
    assert shown_decimals(table) == 0
    assert said(Decimal("2.50"), 0, EN) == "3"
    assert said(Decimal("-0.4"), 0, EN) == "0"
    assert any("Rounded" in note for note in legend(table, EN))
    assert shown_decimals(small(Decimal("9.25"), decimals=2)) == 2


def test_every_cell_of_the_table_has_its_place_in_the_grid():
    table = purchases()
    (grid,) = pivot(table, EN)
    cells = [cell for line in grid.cells for cell in line if cell is not None]
    assert len(cells) == len(table.rows)
    assert grid.rows[0].label == "All destinations"
    assert [head.depth for head in grid.rows[:3]] == [0, 1, 2]
    assert grid.rows[2].label == "Dominican Republic"
    assert (grid.corner, grid.across) == ("Destination", "Year of delivery")


def test_a_third_dimension_makes_one_section_for_each_of_its_groups():
    third = TableDimension(
        "s", Text("Size", "規模"), ("size",), (Text("Size", "規模"),), Text("All", "計")
    )
    rows = tuple(
        Row((None, None, None, size), number) for number, size in enumerate([None, "big", "small"])
    )
    table = small(dimensions=(DESTINATION, YEAR, third), rows=rows)
    assert [(g.section, g.cells) for g in pivot(table, EN)] == [
        ("All", ((0,),)),
        ("big", ((1,),)),
        ("small", ((2,),)),
    ]
    assert "first 1 of 3 rows" in table_text(table, EN)


def test_a_table_asked_for_whole_is_shown_whole_in_blocks_that_fit(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "90")
    print_table(purchases(), EN, limit=None)
    text = capsys.readouterr().out
    assert "first" not in text
    assert text.count("[c]") == purchases().hidden + 1
    assert max(map(cell_len, text.splitlines())) <= 90
    assert text.index("All years") < text.index("2015")


def test_a_shortened_table_is_printed_with_where_the_whole_one_lies(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    print_table(purchases(), JA, limit=5, whole="node/table.csv")
    assert "52行のうち最初の5行" in capsys.readouterr().out


def test_numbers_with_noise_are_called_estimates_and_their_zeros_are_not_called_nothing():
    error = Uncertainty(Decimal(40), Decimal(0), Decimal(80))
    table = small(1, rows=(Row(("a",), Decimal(7), error), Row(("b",), Decimal(0), error)))
    assert any("estimate" in note and "error is 40 (" in note for note in legend(table, EN))
    told = " ".join(legend(table, JA))
    assert "推定値" in told
    assert "該当する数値がないもの" not in told
    assert not any("estimate" in note for note in legend(small(Decimal(7)), EN))


@pytest.mark.parametrize(
    ("errors", "told"),
    [
        (("4", "4"), "is 4 ("),
        (("3.61", "12"), "is 3.6 to 12.0 ("),
        (("0.254", "0.3"), "is 0.25 to"),
    ],
)
def test_a_standard_error_shows_two_digits_and_one_number_where_all_are_alike(errors, told):
    known = [Uncertainty(Decimal(each), Decimal(0), Decimal(80)) for each in errors]
    rows = tuple(Row((name,), Decimal(7), each) for name, each in zip("ab", known, strict=True))
    assert any(told in note for note in legend(small(1, rows=rows), EN))
