"""Purchases across borders: the real deliveries keep to what is declared, and give known tables."""

import csv
import hashlib
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from sekisho.programmes.lookup_rows import fits
from sekisho.programmes.read import read_programme
from sekisho.programmes.shipped import shipped_programmes
from sekisho.terms import ColumnType, Language, Method

FOLDER = shipped_programmes()["cross-border-ecommerce"]
SAMPLE = FOLDER / "sample" / "deliveries.parquet"
PROGRAMME = read_programme(FOLDER)
DELIVERIES = PROGRAMME.dataset("deliveries")
TABLES = [p for p in PROGRAMME.release_plans if p.method is Method.DISCLOSURE_CONTROL]
PRIVATE = [p for p in PROGRAMME.release_plans if p.method is Method.DIFFERENTIAL_PRIVACY]
INVOICES = FOLDER / "sample" / "online-retail.parquet"


@pytest.fixture(scope="module")
def database():
    connection = duckdb.connect(":memory:", config={"threads": 2})
    connection.execute(f"CREATE TABLE deliveries AS SELECT * FROM '{SAMPLE}'")
    connection.execute(
        "CREATE TABLE countries AS SELECT * FROM"
        f" read_csv('{FOLDER / 'lookups' / 'countries.csv'}', header = true, all_varchar = true)"
    )
    yield connection
    connection.close()


def one(database, sql):
    return database.execute(sql).fetchall()[0]


def test_all_31_columns_of_the_sample_are_declared_in_their_order(database):
    found = [row[0] for row in database.execute("DESCRIBE deliveries").fetchall()]
    assert [column.name for column in DELIVERIES.columns] == found
    assert len(found) == 31


def test_every_value_of_every_row_keeps_to_its_declaration(database):
    for column in DELIVERIES.columns:
        rows = database.execute(f"SELECT DISTINCT {column.name} FROM deliveries").fetchall()
        values = ["" if value is None else written(value) for (value,) in rows]
        assert [value for value in values if not fits(column, value)] == [], column.name


def written(value):
    return format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)


@pytest.mark.parametrize(
    "column", [c.name for c in DELIVERIES.columns if c.type is ColumnType.NUMBER]
)
def test_a_money_column_has_as_many_decimals_as_declared_and_no_fewer(database, column):
    decimals = DELIVERIES.column(column).decimals
    too_many, too_few = one(
        database,
        f"SELECT count(*) FILTER (round({column}, {decimals}) <> {column}),"
        f" count(*) FILTER (round({column}, {decimals - 1}) <> {column}) FROM deliveries",
    )
    assert too_many == 0
    assert too_few > 0 or decimals == 0


def test_each_line_has_a_number_of_its_own_and_the_year_of_its_date(database):
    assert one(database, "SELECT count(*), count(DISTINCT line_id) FROM deliveries") == (
        10_324,
        10_324,
    )
    assert one(
        database, "SELECT count(*) FROM deliveries WHERE year(delivered_date) <> delivered_year"
    ) == (0,)


def test_without_the_warehouses_4920_lines_of_72_vendors_to_40_destinations_remain(database):
    assert (DELIVERIES.contributor, DELIVERIES.not_contributors) == ("vendor", ("SCMS from RDC",))
    assert one(
        database,
        "SELECT count(*), count(DISTINCT vendor), count(DISTINCT destination_iso2),"
        " count(*) FILTER (value_usd = 0), sum(value_usd::DECIMAL(18, 2))"
        " FROM deliveries WHERE vendor <> 'SCMS from RDC'",
    ) == (4_920, 72, 40, 9, Decimal("542212022.34"))


def sensitive(database, groups):
    """Cells, sensitive cells and their share of the value, with p = 10 and three vendors."""
    return one(
        database,
        f"""
        WITH vendors AS (
          SELECT {groups}, vendor, sum(cast(value_usd * 100 AS BIGINT)) AS cents
          FROM deliveries WHERE vendor <> 'SCMS from RDC' GROUP BY ALL
        ), cells AS (
          SELECT {groups}, sum(cents) AS total, count(*) AS vendors,
            list_sort(list(cents), 'DESC') AS largest
          FROM vendors GROUP BY ALL
        ), judged AS (
          SELECT total,
            vendors < 3 OR total - largest[1] - largest[2] < largest[1] * 10 / 100 AS hidden
          FROM cells
        )
        SELECT count(*), count(*) FILTER (hidden),
          round(100.0 * sum(total) FILTER (hidden) / sum(total), 1) FROM judged
        """,
    )


def test_of_204_country_year_cells_107_are_sensitive_with_23_percent_of_the_value(database):
    assert sensitive(database, "destination_iso2, delivered_year") == (204, 107, 23.2)


def test_of_55_sub_class_year_cells_27_are_sensitive_with_4_8_percent_of_the_value(database):
    assert sensitive(database, "product_group, sub_class, delivered_year") == (55, 27, 4.8)


def test_malaria_stands_under_two_product_groups(database):
    rows = database.execute(
        "SELECT DISTINCT product_group FROM deliveries WHERE sub_class = 'Malaria' ORDER BY 1"
    ).fetchall()
    assert rows == [("ANTM",), ("MRDT",)]


def test_every_country_has_one_row_with_codes_of_its_own(database):
    assert one(
        database,
        "SELECT count(*), count(DISTINCT iso2), count(DISTINCT m49), count(DISTINCT country),"
        " count(DISTINCT country_ja) FROM countries",
    ) == (249, 249, 249, 249, 249)
    assert one(
        database,
        "SELECT count(*) FROM deliveries ANTI JOIN countries ON destination_iso2 = iso2",
    ) == (0,)


def test_a_sub_region_has_one_code_and_one_japanese_name(database):
    assert database.execute(
        "SELECT sub_region FROM countries GROUP BY 1"
        " HAVING count(DISTINCT sub_region_m49) > 1 OR count(DISTINCT sub_region_ja) > 1"
    ).fetchall() == []  # fmt: skip
    assert one(
        database, "SELECT count(DISTINCT sub_region), count(DISTINCT sub_region_ja) FROM countries"
    ) == (23, 23)


@pytest.mark.parametrize(
    ("plan", "all_cells", "finest"),
    [("purchases-by-destination", 341, 204), ("purchases-by-product", 114, 55)],
)
def test_a_table_has_its_cells_and_every_total(database, plan, all_cells, finest):
    rows = database.execute(PROGRAMME.plan(plan).sql).fetchall()
    assert len(rows) == all_cells
    assert sum(None not in row[:3] for row in rows) == finest
    total = next(row[3] for row in rows if row[:3] == (None, None, None))
    assert round(total, 2) == 542_212_022.34


def test_the_two_tables_share_the_totals_of_the_years(database):
    by_year = [
        {
            row[2]: round(row[3], 2)
            for row in database.execute(plan.sql).fetchall()
            if row[:2] == (None, None)
        }
        for plan in TABLES
    ]
    assert len(by_year[0]) == 11
    assert by_year[0] == by_year[1]
    assert {plan.id for plan in PROGRAMME.linked_set("purchases-by-product")} == {
        "purchases-by-destination",
        "purchases-by-product",
    }


@pytest.mark.parametrize("language", list(Language))
def test_every_value_that_a_table_shows_has_a_label(database, language):
    for plan in TABLES:
        labels = {(column, value): text.said(language) for column, value, text in plan.labels}
        assert all(labels.values())
        columns = [level for dimension in plan.dimensions for level in dimension.levels]
        for row in database.execute(plan.sql).fetchall():
            for column, value in zip(columns[:2], row[:2], strict=True):
                assert value is None or (column, value) in labels


def test_the_secret_parameter_stands_nowhere_in_the_folder():
    for plan in TABLES:
        assert plan.sensitivity_rules == ("minimum-frequency", "p-percent")
    read = [path.read_text("utf-8") for path in FOLDER.rglob("*.toml")]
    assert all(" = 10\n" not in text for text in read)


def test_the_sample_is_the_file_that_its_provenance_names():
    for sample in (SAMPLE, INVOICES):
        digest = hashlib.sha256(sample.read_bytes()).hexdigest()
        assert digest in (FOLDER / "sample" / "PROVENANCE.md").read_text("utf-8")


def test_the_readme_says_what_the_tables_are():
    pages = [(FOLDER / name).read_text("utf-8") for name in ("README.md", "README.ja.md")]
    for page in pages:
        for figure in (
            "10,324",
            "5,404",
            "4,920",
            "72",
            "40",
            "542,212,022.34",
            "341",
            "114",
            "541,909",
            "135,080",
            "4,372",
            "546",
            "3,921",
            "39",
        ):
            assert figure in page


def test_the_rows_of_the_look_up_are_in_order_of_their_key():
    with Path(FOLDER / "lookups" / "countries.csv").open(encoding="utf-8", newline="") as file:
        keys = [row["iso2"] for row in csv.DictReader(file)]
    assert keys == sorted(keys)


def test_every_country_on_an_invoice_has_one_row_in_the_look_up(database):
    file = FOLDER / "lookups" / "retail-countries.csv"
    names = f"read_csv('{file}', header = true, all_varchar = true)"
    assert one(
        database,
        "SELECT count(*), count(DISTINCT recorded), count(DISTINCT country),"
        f" count(DISTINCT country_ja) FROM {names}",
    ) == (38, 38, 38, 38)
    assert one(
        database,
        f"SELECT count(DISTINCT country) FROM '{INVOICES}' WHERE country IN"
        f" (SELECT recorded FROM {names})",
    ) == (38,)


def test_the_invoices_are_those_that_the_readme_counts(database):
    assert one(
        database,
        "SELECT count(*), count(DISTINCT customer_id), count(*) FILTER (customer_id IS NULL),"
        f" sum(quantity * unit_price_gbp) FROM '{INVOICES}'",
    ) == (541_909, 4_372, 135_080, Decimal("9747747.934"))


def test_every_month_of_the_invoices_has_a_label_and_no_other(database):
    months = database.execute(
        f"SELECT DISTINCT strftime(date_trunc('month', invoiced_at), '%Y-%m-%d') FROM '{INVOICES}'"
    ).fetchall()
    plan = PROGRAMME.plan("purchases-by-country-and-month")
    labelled = {value for column, value, _ in plan.labels if column == "month"}
    assert labelled == {month for (month,) in months}


def test_the_customers_of_the_readme_are_those_of_the_invoices(database):
    countries = database.execute(
        f"SELECT country, count(DISTINCT customer_id) FROM '{INVOICES}'"
        " WHERE NOT cancelled AND customer_id IS NOT NULL GROUP BY 1"
    ).fetchall()
    assert {"United Kingdom": 3921, "Germany": 94, "France": 87}.items() <= dict(countries).items()
    assert sum(count >= 8 for _, count in countries) == 18


def test_the_private_tables_can_all_be_paid_from_the_budget():
    budget = PROGRAMME.dataset("online-retail").budget
    assert sum(plan.epsilon for plan in PRIVATE) < budget.epsilon
    assert budget.period == "once"
