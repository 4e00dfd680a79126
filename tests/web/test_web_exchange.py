"""The pages of the exchange: comparison, search, timeline, templates, and hostile text in them."""

import io
import json
import re
import threading
import zipfile

import pytest
import uvicorn

from sekisho.model.actor import Actor
from sekisho.terms import Role
from sekisho.web.app import create_app
from sekisho.web.serve import listening_socket
from tests.lib.exchange import JAPAN_MD, NAME, exchange_node, submit
from tests.lib.forms_served import OfficerBrowser, client_of
from tests.web.test_web_browser import AXE, RUN_AXE, browser  # noqa: F401 - a fixture

HERE = f"/forms/{NAME}/report"
HOSTILE = "<script>alert('x')</script> & \"quotes\" </td>"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    node = exchange_node(tmp_path_factory.mktemp("exchange"))
    references = {
        "jpn": submit(node, "jpn", JAPAN_MD.read_bytes()),
        "usa": submit(
            node,
            "usa",
            {
                "a": [{"title": HOSTILE, "intervention": f"{HOSTILE}\n医療機関の通信と雇用"}],
                "b": [{"title": "=1+1", "reference": "javascript:alert(1)", "note": HOSTILE}],
            },
        ),
    }
    token = node.add_actor(Actor("can-reader", "can", frozenset({Role.DATA_USER})))
    yield node, references, token
    node.close()


@pytest.fixture
def member(house):
    node, _, token = house
    return OfficerBrowser(node, token).client


@pytest.mark.parametrize("language", ["en", "ja"])
def test_members_compare_and_gaps_are_named(house, member, language):
    page = member.get(f"/{language}{HERE}/compare")
    assert page.status_code == 200
    assert "Supporting SMEs in introducing teleworking" in page.text
    assert {"en": "nothing submitted", "ja": "提出なし"}[language] in page.text
    assert {"en": "left empty", "ja": "空欄"}[language] in page.text
    one = member.get(f"/{language}{HERE}/compare", params={"with": "usa"})
    assert "Supporting SMEs" not in one.text
    assert "医療機関の通信と雇用" in one.text


@pytest.mark.parametrize(
    "path", [f"{HERE}/compare", "/search?q=医療", "/submissions/{usa}", f"{HERE}/offline"]
)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_text_of_members_never_becomes_markup(house, member, language, path):
    page = member.get(f"/{language}{path.format(**house[1])}")
    assert page.status_code == 200
    assert "<script" not in page.text
    assert 'href="javascript:' not in page.text
    assert "onerror" not in page.text


@pytest.mark.parametrize(
    "path",
    [f"{HERE}/compare", f"{HERE}/offline", f"{HERE}/comparison.csv", f"{HERE}/every-docx.zip"],
)
def test_whoever_is_not_signed_in_is_sent_to_sign_in(house, path):
    answer = client_of(house[0]).get(f"/en{path}")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/en/sign-in")


def test_whoever_is_not_signed_in_finds_and_fetches_nothing_of_members(house):
    node, references, _ = house
    client = client_of(node)
    page = client.get("/en/search", params={"q": "telework"})
    assert "Nothing that you may read" in page.text
    for kind in ("docx", "xlsx", "pdf", "json"):
        assert client.get(f"/en/submissions/{references['jpn']}/report.{kind}").status_code == 404


@pytest.mark.parametrize("query", ["医療", "通信", "雇用", "telework", '"remote working"', "SMEs"])
def test_search_finds_on_the_page(member, query):
    page = member.get("/ja/search", params={"q": query})
    assert page.status_code == 200
    assert 'href="/ja/submissions/' in page.text


@pytest.mark.parametrize("query", ["'", '"', "*", "a" * 500, "\u202e", "NEAR(", "%", "x' OR 1=1"])
def test_any_query_is_answered(member, query):
    page = member.get("/en/search", params={"q": query, "before": "x"})
    assert page.status_code == 200
    assert "\u202e" not in page.text


@pytest.mark.parametrize("kind", ["csv", "xlsx", "docx", "pdf"])
def test_comparisons_are_saved_and_never_shown(member, kind):
    answer = member.get(f"/en{HERE}/comparison.{kind}")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert member.get(f"/en{HERE}/comparison.exe").status_code == 404


def test_every_report_comes_in_one_zip(member, house):
    answer = member.get(f"/ja{HERE}/every-json.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as package:
        assert sorted(package.namelist()) == sorted(f"{w}-{r}.json" for w, r in house[1].items())
        for name in package.namelist():
            assert json.loads(package.read(name))["form"] == "report"


def token_on(html: str) -> str:
    return re.search(r'name="form-token" value="([^"]+)"', html)[1]


def test_a_template_is_fetched_filled_and_brought_back(house):
    node, _, token = house
    browser = OfficerBrowser(node, token).client  # noqa: F811 - another browser
    template = browser.get(f"/en{HERE}/template.docx")
    assert template.content.startswith(b"PK")
    page = browser.get(f"/en{HERE}/offline")
    fields = {"form-token": token_on(page.text)}
    sent = {"headers": {"origin": "http://127.0.0.1"}, "data": fields}
    brought = {"file": ("../../x.docx", JAPAN_MD.read_bytes(), "application/x-evil")}
    answer = browser.post(f"/en{HERE}/offline", files=brought, **sent)
    assert answer.status_code == 200
    assert "Your answers are a draft now" in answer.text
    assert "was left empty" in answer.text
    assert node.as_("can-officer").forms.draft(NAME, "report").answers["a"]
    for data, told in (
        (b"", "no file was chosen"),
        (b"MZ", "not a filled template"),
        (b"\x00", "md"),
    ):
        answer = browser.post(f"/en{HERE}/offline", files={"file": ("a.docx", data)}, **sent)
        assert answer.status_code == 422
        assert told.lower() in answer.text.lower()
        assert 'href="#file"' in answer.text
    forged = browser.post(
        f"/en{HERE}/offline", files=brought, data={"form-token": "x"}, headers=sent["headers"]
    )
    assert forged.status_code == 403
    node.as_("can-officer").forms.drop(NAME, "report")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_timeline_is_everyones_and_names_its_licence(house, language):
    client = client_of(house[0])
    page = client.get(f"/{language}/timelines/{NAME}", params={"who": "JPN", "q": "border"})
    assert page.status_code == 200
    assert "CC BY-SA 4.0" in page.text
    assert "2,253" in page.text
    assert page.text.index('id="table"') < page.text.index('id="chart"')
    chart = client.get(f"/{language}/timelines/{NAME}/chart.svg", params={"who": "JPN"})
    assert chart.headers["content-type"].startswith("image/svg+xml")
    assert client.get(f"/{language}/timelines/another").status_code == 404
    nothing = client.get(f"/{language}/timelines/{NAME}", params={"q": "zzzzz"})
    assert nothing.status_code == 200


@pytest.fixture(scope="module")
def served(house):
    with listening_socket("127.0.0.1", 0) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(create_app(house[0]), log_level="critical"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield address
        finally:
            server.should_exit = True
            thread.join(20)


@pytest.mark.browser
@pytest.mark.parametrize(
    ("language", "width"),
    [
        ("en", 1280),
        ("ja", 375),
        pytest.param("ja", 1280, marks=pytest.mark.slow),
        pytest.param("en", 375, marks=pytest.mark.slow),
    ],
)
def test_axe_finds_nothing_and_a_phone_scrolls_one_way(house, served, browser, language, width):  # noqa: F811
    _, references, token = house
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(f"{served}/{language}/sign-in")
    page.fill("#token", token)
    page.locator("p.buttons button").first.click()
    places = [
        f"{HERE}/compare",
        f"{HERE}/compare?with=jpn&with=usa&with=can",
        f"{HERE}/offline",
        "/search?q=医療",
        f"/timelines/{NAME}",
        f"/submissions/{references['jpn']}",
    ]
    for place in places:
        page.goto(f"{served}/{language}{place}")
        page.evaluate(AXE.read_text(encoding="utf-8"))
        assert json.dumps(page.evaluate(RUN_AXE), indent=1) == "[]", page.url
        assert page.evaluate("document.documentElement.scrollWidth") == width, page.url
    context.close()


def test_programs_do_the_same_with_a_token(house):
    node, references, token = house
    client = client_of(node)
    bearer = {"authorization": f"Bearer {token}"}
    here = f"/api/v1/programmes/{NAME}/forms/report"
    template = client.get(f"{here}/template.xlsx", headers=bearer)
    assert template.content.startswith(b"PK")
    filled = client.put(f"{here}/filled", content=JAPAN_MD.read_bytes(), headers=bearer)
    assert set(filled.json()["answers"]) == {"a", "b", "d"}
    assert any("left empty" in note for note in filled.json()["notes"])
    node.as_("can-officer").forms.drop(NAME, "report")
    found = client.get("/api/v1/search", params={"q": "雇用"}, headers=bearer).json()["found"]
    assert [each["participant"] for each in found] == ["usa"]
    for path in (f"{here}/comparison.csv", f"{here}/every-json.zip"):
        assert client.get(path, headers=bearer).status_code == 200
        assert client.get(path).status_code == 403
    report = f"/api/v1/submissions/{references['jpn']}/report.docx"
    assert client.get(report, headers=bearer).content.startswith(b"PK")
    assert client.get(report).status_code == 404
    assert client.get("/api/v1/search", params={"q": "雇用"}).json() == {"found": []}
    line = client.get(f"/api/v1/programmes/{NAME}/timeline", params={"who": "NZL"}).json()
    assert "CC BY-SA 4.0" in line["licence"]
    assert len(line["events"]) == 68
    refused = client.put(f"{here}/filled", content=b"PK\x03\x04", headers=bearer)
    assert refused.status_code == 422
    assert "docx" in refused.text


@pytest.mark.parametrize("language", ["en", "ja"])
def test_search_timeline_and_forms_are_reached_from_the_front_and_from_errors(house, language):
    stranger = client_of(house[0])
    front = stranger.get(f"/{language}/").text
    for place in ("/search", f"/timelines/{NAME}", "/forms"):
        assert f'href="/{language}{place}"' in front
    assert f'href="/{language}/forms"' in stranger.get(f"/{language}/nothing").text


def test_officers_reach_search_and_timeline_from_their_forms(member):
    home = member.get("/en/forms").text
    assert 'href="/en/search"' in home
    assert f'href="/en/timelines/{NAME}"' in home
