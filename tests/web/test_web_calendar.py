"""Pages of the calendar and of corrected and withdrawn releases, over a real node."""

import hashlib
import xml.etree.ElementTree as ET
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from sekisho.model.calendar import ErrorClass
from sekisho.web.app import create_app
from tests.lib.calendars import FIRST, PLAN, WHY, more, plain_node, planned_node
from tests.lib.small import PROGRAMME
from tests.web.conftest import BASE

PLACE = f"/releases/{PROGRAMME}/{PLAN}"


def client_of(node):
    return TestClient(create_app(node), base_url=BASE, follow_redirects=False)


@pytest.fixture(scope="module")
def corrected(tmp_path_factory):
    """A node with a corrected release, and its client."""
    folder = tmp_path_factory.mktemp("corrected")
    with plain_node(folder) as node:
        first = node.release(PROGRAMME, PLAN)
        more(folder, node)
        second = node.calendar.correct(first.id, ErrorClass.DATA, WHY)
        yield node, first, second, client_of(node)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_old_address_stays_readable_and_says_what_became_of_it(corrected, language):
    _node, first, second, client = corrected
    old = client.get(f"/{language}{PLACE}/r1").text
    new = client.get(f"/{language}{PLACE}").text
    reason = WHY.en if language == "en" else WHY.ja
    for page in (old, new):
        assert reason in page
        assert 'id="changes"' in page
        assert 'id="history"' in page
    assert second.id in old.split("<table")[0]
    assert first.id in new


def test_a_download_of_a_corrected_release_is_marked_and_still_the_logged_file(corrected):
    _node, first, _second, client = corrected
    old = client.get(f"{PLACE}/r1/{PLAN}.csv")
    assert old.headers["sekisho-status"] == "corrected"
    assert old.headers["link"] == f'<{PLACE}/r2>; rel="successor-version"'
    assert f'filename="corrected-r1-{PLAN}.csv"' in old.headers["content-disposition"]
    assert hashlib.sha256(old.content).hexdigest() == first.release.files[f"{PLAN}.csv"]
    new = client.get(f"{PLACE}.csv")
    assert new.headers["sekisho-status"] == "current"
    assert "link" not in new.headers
    about = client.get(f"{PLACE}/r1/status.json").json()
    assert about["corrected_by"]["release"].endswith(".r2")
    assert about == {
        key: value
        for key, value in client.get(f"/api/v1/releases/{first.id}").json().items()
        if key in about
    }


def test_a_feed_tells_of_corrections_first(corrected):
    _node, first, second, client = corrected
    answer = client.get("/en/releases.atom")
    feed = ET.fromstring(answer.content)
    at = {"a": "http://www.w3.org/2005/Atom"}
    names = [each.text for each in feed.findall("a:entry/a:id", at)]
    assert set(names) == {f"urn:sekisho:{first.id}", f"urn:sekisho:{second.id}"}
    assert all(WHY.en in (each.text or "") for each in feed.findall("a:entry/a:summary", at))
    assert feed.find("a:updated", at) is not None


def test_figures_of_a_withdrawn_release_are_marked_or_gone(tmp_path):
    with plain_node(tmp_path) as node:
        first = node.release(PROGRAMME, PLAN)
        client = client_of(node)
        node.calendar.withdraw(first.id, ErrorClass.METHOD, WHY)
        page = client.get(f"/en{PLACE}/r1")
        assert page.status_code == 200
        assert WHY.en in page.text
        marked = client.get(f"{PLACE}/r1/{PLAN}.csv")
        assert marked.status_code == 200
        assert marked.headers["sekisho-status"] == "withdrawn"
        more(tmp_path, node)
        second = node.release(PROGRAMME, PLAN)
        node.calendar.withdraw(second.id, ErrorClass.DISCLOSURE, WHY)
        page = client.get(f"/en{PLACE}/r2")
        assert page.status_code == 200
        assert WHY.en in page.text
        assert client.get(f"{PLACE}/r2/{PLAN}.csv").status_code == 404
        assert client.get(f"{PLACE}.csv").status_code == 404
        assert client.get(f"/en{PLACE}/r2/chart.svg").status_code == 404
        assert client.get(f"{PLACE}/r2/proof.tlog-proof").status_code == 200


def test_nothing_of_what_waits_is_served_before_its_moment(tmp_path):
    with planned_node(tmp_path, FIRST - timedelta(days=1)) as node:
        made = node.release(PROGRAMME, PLAN)
        client = client_of(node)
        for path in (
            f"/en{PLACE}",
            f"/ja{PLACE}/r1",
            f"{PLACE}.csv",
            f"{PLACE}/r1/{PLAN}.csv",
            f"{PLACE}/r1/status.json",
            f"/en{PLACE}/r1/chart.svg",
            f"/api/v1/releases/{made.id}",
        ):
            assert client.get(path).status_code == 404, path
        for path in ("/en/", "/en/calendar", "/en/calendar.ics", "/en/releases.atom"):
            assert made.id not in client.get(path).text
        assert made.id not in client.get("/api/v1/calendar").text
        log = client.get("/api/v1/log/entries").json()
        (entry,) = [each for each in log["entries"] if "release-embargoed" in str(each)]
        assert "digest" not in str(entry.get("entry", entry)).split("leaf")[0]


def test_the_calendar_says_when_and_why_not(tmp_path):
    later = FIRST + timedelta(days=7)
    with planned_node(tmp_path, FIRST - timedelta(days=1)) as node:
        node.release(PROGRAMME, PLAN)
        client = client_of(node)
        assert "29 January 2097, 08:50 (Asia/Tokyo)" in client.get("/en/calendar").text
        assert "2097年1月29日8時50分（Asia/Tokyo）" in client.get("/ja/calendar").text
        node.calendar.delay(PROGRAMME, PLAN, FIRST, later, WHY)
        page = client.get("/en/calendar").text
        assert "5 February 2097, 08:50" in page
        assert WHY.en in page
        (line,) = [
            each
            for each in client.get("/api/v1/calendar").json()["calendar"]
            if each["planned"] == FIRST.isoformat()
        ]
        assert line["state"] == "delayed"
        assert line["notices"][0]["reason"]["ja"] == WHY.ja
        node._house.clock.at = later
        client.get("/en/calendar")
        assert client.get(f"{PLACE}.csv").status_code == 200
        assert "Published late" in client.get("/en/calendar").text


def test_the_calendar_file_keeps_to_its_form(tmp_path):
    with planned_node(tmp_path, FIRST - timedelta(days=1)) as node:
        client = client_of(node)
        for language in ("en", "ja"):
            answer = client.get(f"/{language}/calendar.ics")
            assert answer.headers["content-type"].startswith("text/calendar")
            raw = answer.content
            lines = raw.split(b"\r\n")
            assert raw.endswith(b"END:VCALENDAR\r\n")
            assert all(len(line) <= 75 for line in lines)
            assert b"\n" not in raw.replace(b"\r\n", b"")
            assert raw.count(b"BEGIN:VEVENT") == raw.count(b"END:VEVENT") == 12
            assert b"DTSTART:20970128T235000Z" in raw
            raw.decode("utf-8")
