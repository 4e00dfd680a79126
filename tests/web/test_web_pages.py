from dataclasses import replace
from decimal import Decimal

import pytest

from sekisho.errors import Refused, fault
from sekisho.model.budget import Cost, ScaledDown
from sekisho.model.table import SUPPRESSED, Row, Uncertainty
from sekisho.model.text import Text
from sekisho.terms import ReleaseState
from tests.lib.releases import PLAN, PROGRAMME, purchases, release, small
from tests.lib.served import programme
from tests.web.test_web_routes import RELEASE, parsed

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&{{7*7}}"


def hostile_text():
    return Text(HOSTILE, HOSTILE)


def test_hostile_texts_of_a_programme_and_its_table_stay_text(own_node, own_client):
    own_node.shelf[:] = [
        programme(title=hostile_text(), description=hostile_text(), legal_basis=hostile_text())
    ]
    table = small(
        title=hostile_text(),
        measure_title=hostile_text(),
        unit_of_measure=hostile_text(),
        rows=(Row((HOSTILE,), SUPPRESSED), Row((None,), 3)),
    )
    own_node.put(release(table=replace(table, id=PLAN)))
    for path in ("/en/", f"/en{RELEASE}", f"/ja{RELEASE}"):
        answer = own_client.get(path)
        assert answer.status_code == 200
        page = parsed(answer.text)
        scripts = [attributes.get("src") for tag, attributes in page.tags if tag == "script"]
        assert set(scripts) <= {"/static/release.js"}
        assert not [name for name, _ in page.attributes if name.startswith("on")]
        assert "&lt;script&gt;" in answer.text
        assert "{{7*7}}" in answer.text


def test_what_a_visitor_asks_for_is_not_repeated_to_them(client):
    answer = client.get("/en/%3Cscript%3Ealert(1)%3C/script%3E?%3Cb%3E=1")
    assert "alert" not in answer.text


def test_a_programme_for_certain_recipients_shows_nothing_to_everyone(own_node, own_client):
    own_node.put(release())
    own_node.shelf[:] = [programme(recipients=("health-ministry",))]
    for path in (
        f"/en{RELEASE}",
        f"{RELEASE}.csv",
        f"/en{RELEASE}/r1/chart.svg",
        f"{RELEASE}/r1/{PLAN}.csv",
    ):
        assert own_client.get(path).status_code == 404, path
    assert "Purchases" not in own_client.get("/en/").text
    assert own_client.get("/api/v1/releases").json() == {"releases": []}
    assert own_client.get(f"/api/v1/releases/{PROGRAMME}.{PLAN}.r1").status_code == 404


def test_the_table_comes_before_the_chart_and_has_every_cell(client):
    html = client.get(f"/en{RELEASE}").text
    assert html.index('id="table"') < html.index("<table") < html.index('id="chart"')
    assert html.count('<td class="hidden">') == purchases().hidden
    assert html.count('<td class="number">') >= purchases().shown
    assert "118,298,897" in html


def test_a_hidden_cell_is_spoken_as_hidden_and_shows_no_number(client):
    cell = (
        '<td class="hidden"><span aria-hidden="true">{}</span><span class="unseen">{}</span></td>'
    )
    assert cell.format("[c]", "hidden") in client.get(f"/en{RELEASE}").text
    assert cell.format("X", "秘匿") in client.get(f"/ja{RELEASE}").text


def test_row_and_column_heads_are_marked_as_such(client):
    page = parsed(client.get(f"/ja{RELEASE}").text)
    scopes = [attributes.get("scope") for tag, attributes in page.tags if tag == "th"]
    assert None not in scopes
    assert scopes.count("colgroup") == 1
    assert scopes.count("row") >= 52


def test_the_decision_names_its_rules_and_the_page_says_how_to_verify(client):
    html = client.get(f"/en{RELEASE}").text
    assert "cbe-R1" in html
    assert "Verify it yourself" in html
    assert "/log/checkpoint" in html
    assert "sha256sum" in html
    japanese = client.get(f"/ja{RELEASE}").text
    assert "判定：許可" in japanese
    assert "検証済み" in japanese


def test_a_proof_that_does_not_hold_is_said_loudly(own_node, own_client):
    served = own_node.put(release())
    (served.folder / "entry.json").write_bytes(b"{}")
    html = own_client.get(f"/en{RELEASE}").text
    assert "NOT verified" in html
    assert "Do not rely on these numbers" in html
    assert "verdict good" not in html


def test_a_withdrawn_release_keeps_its_page_and_loses_its_numbers(own_node, own_client):
    own_node.put(release(state=ReleaseState.WITHDRAWN))
    html = own_client.get(f"/en{RELEASE}").text
    assert "withdrawn" in html
    assert "118,298,897" not in html
    assert "NOT" not in html
    for path in (
        f"{RELEASE}.csv",
        f"{RELEASE}/r1/{PLAN}.json",
        f"/en{RELEASE}/r1/chart.svg",
        f"{RELEASE}.svg",
    ):
        assert own_client.get(path).status_code == 404
    assert own_client.get(f"{RELEASE}.tlog-proof").status_code == 200


def test_an_older_revision_points_to_the_newest(own_node, own_client):
    first = own_node.put(release())
    own_node.out[0] = replace(first, release=replace(first.release, state=ReleaseState.CORRECTED))
    own_node.put(release(id=f"{PROGRAMME}.{PLAN}.r2", revision=2, corrects=first.release.id))
    older, newest = (own_client.get(f"/en{RELEASE}{tail}").text for tail in ("/r1", ""))
    assert "The newest is revision 2" in older
    assert "The newest is" not in newest
    assert f'href="/en{RELEASE}/r1"' in newest


def test_a_node_that_released_nothing_says_what_will_come(own_client):
    html = own_client.get("/en/").text
    assert "has not released a table yet" in html


def test_a_node_without_programmes_says_so(own_node, own_client):
    own_node.shelf.clear()
    assert "まだ何も公表されていません" in own_client.get("/ja/").text


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("ja", "ja"),
        ("ja-JP,en;q=0.5", "ja"),
        ("en-US,ja;q=0.8", "en"),
        ("fr,ja;q=0.2", "ja"),
        ("", "en"),
        ("*;q=0.1", "en"),
        ("ja;q=0", "en"),
        ("ja;q=banana,,;;;", "en"),
    ],
)
def test_the_first_address_leads_to_the_readers_language(client, header, language):
    answer = client.get("/", headers={"Accept-Language": header})
    assert answer.headers["location"] == f"/{language}/"
    assert answer.headers["vary"] == "Accept-Language"
    assert (
        client.get(RELEASE, headers={"Accept-Language": header}).headers["location"]
        == f"/{language}{RELEASE}"
    )


def test_lang_in_the_address_leads_to_the_same_page_in_that_language(client):
    assert client.get("/?lang=ja").headers["location"] == "/ja/"
    assert client.get(f"/en{RELEASE}?lang=ja").headers["location"] == f"/ja{RELEASE}"
    assert client.get(f"/ja{RELEASE}?lang=ja").status_code == 200


@pytest.mark.parametrize(
    "query", ["x=1", "lang=fr", "lang=ja&lang=en", "lang=", "LANG=ja", "__proto__=1"]
)
@pytest.mark.parametrize("path", ["/en/", "/", "/api/v1/releases"])
def test_unknown_or_doubled_parameters_are_refused(client, path, query):
    assert client.get(f"{path}?{query}").status_code == 400


@pytest.mark.parametrize("path", [f"{RELEASE}.csv", f"{RELEASE}/r1/{PLAN}.csv", "/log/checkpoint"])
def test_a_file_takes_no_parameter_at_all(client, path):
    assert client.get(f"{path}?lang=ja").status_code == 400


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/en/nothing", 404),
        (f"/en{RELEASE}/r9", 404),
        (f"/en{RELEASE}/r1/chart.png", 404),
        (f"/en{RELEASE}/rX", 404),
        ("/en/releases/x/y", 404),
        ("/releases/x/y.csv", 404),
        ("/EN/", 404),
    ],
)
def test_a_fault_says_what_happened_and_what_to_do(client, path, status):
    answer = client.get(path)
    assert answer.status_code == status
    assert "What happened" in answer.text
    assert "What you can do" in answer.text


def test_a_fault_speaks_the_language_of_the_address_or_the_reader(client):
    assert "起きたこと" in client.get("/ja/nothing").text
    assert "起きたこと" in client.get("/nothing", headers={"Accept-Language": "ja"}).text
    assert "What happened" in client.get("/en/nothing", headers={"Accept-Language": "ja"}).text


def test_an_unexpected_failure_tells_nothing_about_itself(own_node, own_client):
    own_node.failure = RuntimeError("secret p is 10; vendor 4711")
    answer = own_client.get("/en/")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "4711" not in answer.text
    assert "nothing was changed" in answer.text
    assert answer.headers["x-frame-options"] == "DENY"


def test_a_refusal_is_a_page_with_its_reason(own_node, own_client):
    own_node.failure = Refused(fault("gate.refused", plan="p", programme="q", rules="R7"))
    answer = own_client.get("/en/")
    assert answer.status_code == 403
    assert "R7" in answer.text
    assert "This is not allowed" in answer.text


def test_tables_that_were_protected_together_lead_to_each_other(own_node, own_client):
    own_node.put(release())
    other = small(3, 4, title=Text("By product", "品目別"))
    own_node.put(release(id="x", plan="purchases-by-product", table=other))
    assert "Protected together with" in own_client.get(f"/en{RELEASE}").text
    assert (
        f'href="/en/releases/{PROGRAMME}/purchases-by-product"'
        in own_client.get(f"/en{RELEASE}").text
    )
    assert (
        f'href="/ja{RELEASE}"'
        in own_client.get(f"/ja/releases/{PROGRAMME}/purchases-by-product").text
    )


def test_a_very_long_table_says_which_of_its_rows_the_page_shows(own_node, own_client):
    rows = tuple(Row((f"g{number}",), number) for number in range(2_050))
    own_node.put(release(table=small(rows=rows)))
    first = own_client.get(f"/en{RELEASE}").text
    assert "2,050 rows" in first
    assert "Rows 1 to 200 of 2050" in first
    assert first.count('<th scope="row">g') == 200
    last = own_client.get(f"/en{RELEASE}?page=11").text
    assert "Rows 2001 to 2050 of 2050" in last
    assert '<th scope="row">g2049' in last
    assert own_client.get(f"/en{RELEASE}?page=12").status_code == 404
    assert len(own_client.get(f"{RELEASE}.csv").text.splitlines()) == 2_051


def test_a_table_with_noise_says_so_and_what_it_cost(own_node, own_client):
    error = Uncertainty(Decimal(40), Decimal(0), Decimal(80))
    rows = (Row((None,), Decimal(70), error), Row(("a",), Decimal(0), error))
    share, error = Decimal("4.5"), Decimal("0.8")
    scaled = ScaledDown(("n",), share, error, None, None)
    cost = Cost(Decimal("2.000000"), Decimal("1E-7"), ("once",), (scaled,))
    own_node.put(release(table=replace(small(rows=rows), id=PLAN), cost=cost))
    page = own_client.get(f"/en{RELEASE}").text
    assert "Every number is an estimate" in page
    assert "epsilon 2 at delta 0.0000001" in page
    assert "About 4.5 % of the whole are missing for it (standard error 0.8 %" in page
    assert "All hidden cells carry the same mark" not in page
    assert "every one with noise" in own_client.get("/en/").text
