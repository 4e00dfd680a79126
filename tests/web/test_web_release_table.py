"""What an address asks of a table: found, folded, sorted and turned by the node, without a script."""

import re
from dataclasses import replace
from decimal import Decimal
from html import unescape

import pytest

from sekisho.errors import NotFound, UsageError
from sekisho.model.table import SUPPRESSED, Row, TableDimension, Uncertainty
from sekisho.model.text import Text
from sekisho.present.pivot import pivot
from sekisho.terms import Language
from sekisho.web.pages.release_parts import hidden_levels
from sekisho.web.pages.table_rows import shown_columns, shown_rows
from sekisho.web.pages.table_state import TableState
from tests.lib.releases import DESTINATION, PLAN, PROGRAMME, YEAR, purchases, release, small
from tests.lib.served import programme

RELEASE = f"/en/releases/{PROGRAMME}/{PLAN}"
GRID = pivot(purchases(), Language.EN)[0]


def labels(**asked):
    return [GRID.rows[place].label for place in shown_rows(GRID, TableState(**asked)).places]


def column(label):
    return next(p for p, head in enumerate(GRID.columns) if head.label == label)


@pytest.mark.parametrize(
    "query",
    [
        "page=x",
        "page=0",
        "page=99999999999",
        "page=2",
        "part=2",
        "sort=99",
        "sort=--1",
        "sort=%27",
        "by=99&least=1",
        "least=abc",
        "most=NaN",
        "least=Infinity",
        "least=1e999999999999",
        "rows=unheard-of",
        "columns=__class__",
        "at=1",
        "show=x",
        "show=99999999",
        "nothing=1",
        "find=a&find=b",
    ],
)
def test_what_an_address_cannot_mean_is_refused_and_not_repeated(client, query):
    answer = client.get(f"{RELEASE}?{query}")
    assert answer.status_code in {400, 404}
    assert "What happened" in answer.text
    for value in re.findall(r"=([^&]+)", query):
        assert len(value) < 4 or unescape(value) not in answer.text


@pytest.mark.parametrize("query", ["at=7", "rows=nothing", "show=-1", "show=99999"])
@pytest.mark.parametrize("picture", ["chart.svg", "chart.json"])
def test_a_chart_of_what_is_not_there_is_refused(client, query, picture):
    assert client.get(f"{RELEASE}/r1/{picture}?{query}").status_code in {400, 404}


def test_a_long_address_makes_no_long_page(client):
    """The address stands in each of some hundred links: 60 kB of it made a page of 15 MB."""
    assert client.get(f"{RELEASE}?fold={'.' * 60000}").status_code == 400
    assert client.get(f"{RELEASE}?fold={'.'.join(map(str, range(4000)))}").status_code == 200


def test_what_a_reader_looks_for_stays_text(client):
    html = client.get(f"{RELEASE}?find=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").text
    assert "<script>alert" not in html
    assert "0 of 52 rows" in html


def test_nothing_is_left_out_until_somebody_asks():
    assert len(labels()) == len(GRID.rows) == 52


def test_a_row_is_found_with_the_rows_that_it_is_part_of_and_its_parts():
    assert labels(find="KENYA") == ["All destinations", "Eastern Africa", "Kenya"]
    assert "Kenya" in labels(find="eastern africa")
    assert labels(find="nowhere") == []


def test_full_width_letters_find_the_same_rows():
    assert labels(find="Kenya") == labels(find="kenya")


def test_rows_are_filtered_by_value_and_a_hidden_cell_is_no_number():
    found = labels(by=0, least="100000000")
    assert found == ["All destinations", "Eastern Africa", "Southern Africa", "South Africa"]
    kept = labels(by=column("2011"), least="0")
    place = next(p for p, head in enumerate(GRID.rows) if head.label == "Central America")
    assert GRID.cells[place][column("2011")] is SUPPRESSED
    assert "Central America" not in kept


def test_full_width_digits_and_thousands_marks_are_read():
    assert TableState.read({"least": "１,０００"}).least == "1000"


@pytest.mark.parametrize(("by", "first"), [("-0", "Eastern Africa"), ("label", "Caribbean")])
def test_siblings_are_sorted_under_the_row_that_they_are_part_of(by, first):
    found = labels(sort=by)
    assert found[:2] == ["All destinations", first]
    east = found.index("Eastern Africa")
    assert set(found[east + 1 : east + 12]) >= {"Kenya", "Zambia", "Uganda"}


@pytest.mark.parametrize("sort", ["0", "-0"])
def test_hidden_cells_come_after_every_number_whichever_way(sort):
    place = {head.label: p for p, head in enumerate(GRID.rows)}
    tops = [label for label in labels(sort=sort) if GRID.rows[place[label]].depth == 1]
    cells = [GRID.cells[place[label]][0] for label in tops]
    hidden = [cell is SUPPRESSED for cell in cells]
    assert hidden == sorted(hidden)
    numbers = [cell for cell in cells if cell is not SUPPRESSED]
    assert numbers == sorted(numbers, reverse=sort.startswith("-"))


def test_parts_fold_under_their_row_and_the_page_says_how_many(client):
    assert "Kenya" not in labels(fold="all")
    assert "Eastern Africa" in labels(fold="all")
    html = client.get(f"{RELEASE}?fold=all").text
    assert "12 of 52 rows; 40 are folded away" in html
    assert html.count('aria-expanded="false"') == 11


def test_many_columns_come_in_pages_that_say_so(own_node, own_client):
    other = replace(YEAR, id="other", columns=("other",))
    rows = tuple(Row((None, None, f"c{n}"), n) for n in range(95))
    own_node.put(release(table=small(dimensions=(DESTINATION, other), rows=rows)))
    html = own_client.get(f"{RELEASE}?part=3").text
    assert "Columns 81 to 95 of 95" in html
    assert ">c94<" in html
    with pytest.raises(NotFound):
        shown_columns(GRID, TableState(part=2))


def test_a_table_is_turned_and_the_other_language_keeps_the_view(client):
    html = client.get(f"{RELEASE}?rows=year&columns=destination").text
    assert '<th scope="row">2011</th>' in html
    assert f'href="/ja/releases/{PROGRAMME}/{PLAN}?rows=year&amp;columns=destination"' in html


def test_an_address_names_only_what_differs_from_the_whole_table():
    state = TableState(find="a b", page=2)
    assert TableState().address() == ""
    assert state.address(page=1) == "?find=a+b"
    assert TableState(rows="destination", columns="year").settled(purchases()) == TableState()
    with pytest.raises(UsageError):
        TableState(rows="x").view(purchases())


def test_a_third_dimension_is_chosen_and_its_chart_too(own_node, own_client):
    third = TableDimension(
        "kind", Text("Kind", "種類"), ("kind",), (Text("Kind", "種類"),), Text("All", "計")
    )
    rows = tuple(
        Row((None, None, year, kind), Decimal(number))
        for number, (year, kind) in enumerate(
            (year, kind) for kind in (None, "a", "b") for year in (None, "2020", "2021")
        )
    )
    own_node.put(release(table=small(dimensions=(DESTINATION, YEAR, third), rows=rows)))
    html = own_client.get(f"{RELEASE}?at=2").text
    assert '<option value="2" selected>b</option>' in html
    assert '<td class="number">8</td>' in html
    assert '<td class="number">5</td>' not in html
    assert own_client.get(f"{RELEASE}/r1/chart.svg?at=2").status_code == 200
    assert own_client.get(f"{RELEASE}?at=3").status_code == 404


def test_a_number_with_noise_stands_beside_its_interval(own_node, own_client):
    known = Uncertainty(Decimal(5), Decimal(-3), Decimal(17))
    table = small(rows=(Row((None,), Decimal(7), known), Row(("a",), Decimal(0), known)))
    own_node.put(release(table=replace(table, id=PLAN)))
    html = own_client.get(RELEASE).text
    assert '<th scope="col" class="number">95 % interval</th>' in html
    assert '<td class="number range">-3 to 17</td>' in html


def test_hidden_cells_are_counted_by_level_and_add_up():
    *levels, total = hidden_levels(purchases(), Language.EN)
    assert sum(each.hidden for each in levels) == total.hidden == purchases().hidden
    assert sum(each.shown for each in levels) == total.shown == purchases().shown
    assert levels[0].title == "All destinations × All years"


def test_a_rule_that_decided_leads_to_its_page_with_what_it_says(client):
    assert 'href="/en/rules/cbe-R1"' in client.get(RELEASE).text
    page = client.get("/en/rules/cbe-R1").text
    assert "Protected tables about firms may be released" in page
    assert f'href="{RELEASE}/r1"' in page
    assert client.get("/en/rules/nothing").status_code == 404


def test_a_page_tells_how_to_verify_and_cite_and_which_licence_holds(client):
    html = unescape(client.get(RELEASE).text)
    assert re.search(
        r"echo '[0-9a-f]{64}  purchases-by-destination\.csv' \| sha256sum --check", html
    )
    assert "sekisho receipt verify 0.tlog-proof --key" in html
    assert '<pre id="citation"' in html
    assert "No licence was declared" in html


def test_vega_comes_from_here_under_a_name_that_changes_with_it(client):
    (address,) = set(re.findall(r'data-vega="([^"]+)"', client.get(RELEASE).text))
    plain = client.get(address, headers={"Accept-Encoding": "identity"})
    packed = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert plain.content == packed.content
    assert packed.headers["content-encoding"] == "gzip"
    assert "immutable" in plain.headers["cache-control"]
    assert b"BSD-3-Clause" in plain.content[:200]
    assert client.get("/scripts/vega-1.js").status_code == 404


def test_the_list_is_searched_by_words_programme_and_status(own_node, own_client):
    own_node.put(release())
    own_node.shelf.append(programme(id="other", title=Text("Other", "別")))
    found = own_client.get("/en/?find=medicines&status=current")
    assert "1 of 1 table" in found.text
    assert "Purchases of medicines" in found.text
    nothing = own_client.get(f"/en/?programme={PROGRAMME}&find=rockets").text
    assert "No table fits" in nothing
    assert own_client.get("/en/?status=x").status_code == 400
