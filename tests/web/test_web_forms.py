"""Officers answer forms on pages: sign in, sections, check, submit; and who may not."""

import json
import re
import time
from hashlib import sha256

import pytest

from sekisho.people import ANYBODY
from sekisho.web.security import FORM_POLICY, HEADERS, POLICY, SEARCH_POLICY
from sekisho.web.session import IDLE_S, LONGEST_S, Sessions, safe_place
from tests.lib.forms import (
    ASK,
    FORM,
    PROGRAMME,
    SURVEY,
    answers,
    make_node,
    write_programme,
)
from tests.lib.forms_served import OfficerBrowser, client_of, form_to, forms_of, text_of

HERE = f"/forms/{PROGRAMME}/{FORM}"


@pytest.fixture
def house(tmp_path):
    node, clock, tokens = make_node(tmp_path)
    yield node, clock, tokens
    node.close()


@pytest.fixture
def officer(house):
    node, _, tokens = house
    return OfficerBrowser(node, tokens["carrier-a-1"])


def fill(browser, **changed):
    """Fill the whole form in on its pages; the page that checks the answers."""
    page = browser.get(f"{HERE}/s/firm")
    firm = {
        "region": ["north"],
        "staff": ["120"],
        "teleworkers": ["80"],
        "tools": ["video", "other"],
        "other_tool": ["Fax"],
        "do": ["next"],
    }
    page = browser.follow(browser.send(page, "/s/firm", **{**firm, **changed}))
    costs = {
        "spent__amount": ["1200000"],
        "since__year": ["2020"],
        "since__month": ["4"],
        "since__day": ["7"],
        "lessons__en": ["Fewer meetings.\r\nMore writing."],
        "lessons__ja": ["会議が減りました。"],
        "sites__1__goods": ["rice"],
        "sites__1__sales": ["12.5"],
        "do": ["next"],
    }
    return browser.follow(browser.send(page, "/s/costs", **costs))


# -- the way --------------------------------------------------------------------------------------


def test_an_officer_signs_in_answers_checks_submits_and_gets_a_reference_number(house, officer):
    node, _, _ = house
    home = officer.get("/forms")
    assert "Telework in your firm" in home.text
    assert "Not begun" in home.text
    check = fill(officer)
    assert "1,200,000 JPY" in check.text
    assert "7 April 2020" in check.text
    done = officer.follow(officer.send(check, "/submit"))
    reference = re.search(r"MUS(?:-[0-9A-Z]{4}){3}", done.text)[0]
    assert "Your reference number" in done.text
    made = node.forms.submission(reference)
    expected = {**answers(other_tool="Fax", sites=[{"goods": "rice", "sales": 12.5}])}
    node.as_("carrier-b-1").forms.fill(PROGRAMME, FORM, expected)
    assert made.answers == node.as_("carrier-b-1").forms.draft(PROGRAMME, FORM).answers
    paper = officer.get(f"/submissions/{reference}/submission.json")
    assert sha256(paper.content).hexdigest() == made.digest
    receipt = officer.get(f"/submissions/{reference}/receipt.tlog-proof")
    assert receipt.text.startswith("c2sp.org/tlog-proof")
    assert "Submitted" in officer.get("/forms").text
    assert officer.get(HERE).headers["location"] == f"/en/submissions/{reference}"


def test_answers_that_cannot_be_read_are_shown_again_with_a_summary_that_leads_to_them(officer):
    page = officer.get(f"{HERE}/s/firm")
    again = officer.send(
        page, "/s/firm", staff=["a hundred"], other_tool=["kept as typed"], do=["next"]
    )
    assert again.status_code == 422
    assert '<a href="#staff">' in again.text
    assert 'id="staff"' in again.text
    assert 'value="a hundred"' in again.text
    assert 'value="kept as typed"' in again.text
    assert "<title>Error:" in again.text
    assert "must be a number" in text_of(again.text)


def test_what_is_missing_is_told_on_the_page_that_checks_and_leads_to_the_section(officer):
    page = officer.get(f"{HERE}/s/firm")
    officer.send(page, "/s/firm", region=["north"], do=["later"])
    check = officer.get(f"{HERE}/check")
    assert f'href="/en{HERE}/s/firm#staff"' in check.text
    refused = officer.send(check, "/submit")
    assert refused.status_code == 422
    assert "There is a problem" in refused.text


def test_more_rows_come_without_losing_what_was_typed(officer):
    page = officer.get(f"{HERE}/s/costs")
    assert form_to(page.text, "/s/costs").fields["sites-rows"] == ["3"]
    more = officer.send(page, "/s/costs", sites__2__remark=["typed"], do=["rows"])
    assert more.status_code == 200
    fields = form_to(more.text, "/s/costs").fields
    assert fields["sites-rows"] == ["6"]
    assert fields["sites-2-remark"] == ["typed"]


def test_a_wrong_cell_is_led_to_in_its_row(officer):
    page = officer.get(f"{HERE}/s/costs")
    again = officer.send(
        page, "/s/costs", sites__2__goods=["tea"], sites__2__sales=["x"], do=["next"]
    )
    assert '<a href="#sites-2-sales">' in again.text
    assert 'id="sites-2-sales"' in again.text


def test_a_file_is_taken_kept_and_given_back_as_a_download(house, officer):
    data = b"%PDF-1.7\n" + b"x" * 2000
    page = officer.get(f"{HERE}/s/costs")
    files = {"report": ("../../報告<b>.pdf", data, "text/html")}
    officer.send(page, "/s/costs", files=files, do=["later"])
    page = officer.get(f"{HERE}/s/costs")
    assert "報告b.pdf" in page.text
    officer.send(page, "/s/costs", do=["later"])
    check = fill(officer)
    done = officer.follow(officer.send(check, "/submit"))
    address = re.search(r'href="(/en/submissions/[^"]+/files/report)"', done.text)[1]
    got = officer.client.get(address)
    assert got.content == data
    assert got.headers["content-type"] == "application/pdf"
    assert got.headers["content-disposition"].startswith("attachment;")


def test_a_file_that_lies_is_refused_at_its_field(officer):
    page = officer.get(f"{HERE}/s/costs")
    files = {"report": ("a.pdf", b"<script>alert(1)</script>", "application/pdf")}
    again = officer.send(page, "/s/costs", files=files, spent__amount=["5"], do=["next"])
    assert again.status_code == 422
    assert '<a href="#report">' in again.text
    assert form_to(again.text, "/s/costs").fields["spent-amount"] == ["5"]


def test_markup_in_every_field_is_shown_as_text(officer):
    script = "<script>alert(1)</script>"
    check = fill(officer, other_tool=[script])
    assert script not in check.text
    assert "&lt;script&gt;" in check.text
    again = officer.send(
        officer.get(f"{HERE}/s/firm"), "/s/firm", staff=[f'"{script}'], do=["next"]
    )
    assert script not in again.text


def test_two_officers_see_both_versions_side_by_side_and_choose(house, officer):
    node, _, tokens = house
    second = OfficerBrowser(node, tokens["carrier-a-2"])
    mine, theirs = (each.get(f"{HERE}/s/firm") for each in (officer, second))
    officer.send(mine, "/s/firm", region=["north"], staff=["5"], do=["next"])
    versions = second.follow(
        second.send(theirs, "/s/firm", region=["south"], staff=["5"], do=["next"])
    )
    words = text_of(versions.text)
    assert "Two versions" in words
    assert "North" in words
    assert "South" in words
    assert "carrier-a-2" in words
    assert "Two versions" in officer.get(HERE).text
    second.send(versions, "/s/firm", region=["south"], do=["settle"])
    settled = node.as_("carrier-a-1").forms.draft(PROGRAMME, FORM)
    assert (settled.answers["region"], settled.clashes) == ("south", ())


def test_a_changed_form_shows_what_has_no_place_until_somebody_says_to_have_read_it(
    house, officer, tmp_path
):
    node, _, _ = house
    fill(officer)
    changed = SURVEY.replace("version = 1", "version = 2").replace(
        'title = { en = "Spent on telework", ja = "テレワークの費用" }',
        'title = { en = "Spent in May", ja = "5月の費用" }',
    )
    node.add_programme(write_programme(tmp_path / "second", telework=changed))
    start = officer.get(HERE)
    assert "The form has changed" in start.text
    assert "1,200,000 JPY" in start.text
    check = officer.get(f"{HERE}/check")
    assert "Spent in May" in check.text
    refused = officer.send(check, "/submit")
    assert refused.status_code == 409
    assert "have no place in it" in refused.text
    done = officer.follow(officer.send(check, "/submit", leftovers=["seen"]))
    assert "Your reference number" in done.text
    (made,) = node.forms.submissions(PROGRAMME)
    assert (made.version, "spent" in made.answers) == (2, False)


def test_a_member_reads_corrects_opens_and_withdraws_on_pages(house, officer):
    node, _, tokens = house
    done = officer.follow(officer.send(fill(officer), "/submit"))
    reference = re.search(r"MUS(?:-[0-9A-Z]{4}){3}", done.text)[0]
    other = OfficerBrowser(node, tokens["carrier-b-1"])
    seen = other.get(f"/submissions/{reference}")
    assert seen.status_code == 200
    assert not [each for each in forms_of(seen.text) if "submissions" in each.action]
    assert reference in other.get(f"{HERE}/submissions").text
    stranger = client_of(node)
    assert stranger.get(f"/en/submissions/{reference}").status_code == 404
    start = officer.follow(officer.send(done, "/correct"))
    assert "You are correcting" in start.text
    done = officer.follow(officer.send(fill(officer, staff=["130"]), "/submit"))
    assert "Revision 1" in done.text
    opened = officer.follow(officer.send(done, "/open"))
    assert stranger.get(f"/en/submissions/{reference}").status_code == 200
    assert "130" in stranger.get(f"/ja/submissions/{reference}").text
    officer.send(opened, "/withdraw")
    assert stranger.get(f"/en/submissions/{reference}").status_code == 404


def test_the_steward_sees_who_has_answered(house):
    node, _, tokens = house
    from sekisho.model.actor import Actor
    from sekisho.terms import Role

    token = node.add_actor(Actor("chief", "office", frozenset({Role.STEWARD})))
    chief = OfficerBrowser(node, token)
    assert "Who has answered" in chief.get("/forms").text
    page = chief.get(f"{HERE}/status")
    assert "Carrier A (made up): 13 days left" in text_of(page.text)
    assert OfficerBrowser(node, tokens["carrier-a-1"]).get(f"{HERE}/status").status_code == 403


def test_a_holder_decides_and_delivers_on_pages(house):
    node, _, tokens = house
    sent = node.forms.request_data(PROGRAMME, ASK)
    holder = OfficerBrowser(node, tokens["carrier-a-1"])
    assert sent[0].id in holder.get("/forms").text
    page = holder.get(f"/requests/{sent[0].id}")
    assert "30 June 2020" in page.text
    refused = holder.send(
        page, "/decide", files={"file": ("v.csv", b"carrier,hour\na,1\n")}, do=["deliver"]
    )
    assert refused.status_code == 422
    good = b"carrier,hour,volume\na,1,5\n"
    done = holder.follow(
        holder.send(page, "/decide", files={"file": ("v.csv", good)}, do=["deliver"])
    )
    assert "Delivered" in done.text
    other = OfficerBrowser(node, tokens["carrier-b-1"], "ja")
    page = other.get(f"/requests/{sent[1].id}")
    assert other.send(page, "/decide", reason=[" "], do=["decline"]).status_code == 422
    done = other.follow(
        other.send(page, "/decide", reason=["該当するデータがありません"], do=["decline"])
    )
    assert "辞退" in done.text
    assert other.get(f"/requests/{sent[0].id}").status_code == 404


# -- who may not ----------------------------------------------------------------------------------

PAGES = [
    "/forms",
    HERE,
    f"{HERE}/s/firm",
    f"{HERE}/check",
    f"{HERE}/submissions",
    f"{HERE}/status",
    "/requests/x",
]


@pytest.mark.parametrize("path", PAGES)
def test_who_is_not_signed_in_is_led_to_do_so_and_back(house, path):
    node, _, tokens = house
    browser = OfficerBrowser(node)
    answer = browser.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/en/sign-in?next=/en{path}"
    page = browser.follow(answer)
    back = browser.send(page, "/sign-in", token=[tokens["carrier-a-1"]])
    assert back.headers["location"] == f"/en{path}"


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/en/forms/../../x",
        "/en/formsx",
        "/api/v1",
        "/en/forms/%2e%2e",
        "/en/forms\r\nx: y",
    ],
)
def test_signing_in_leads_nowhere_else(wanted):
    assert safe_place(wanted, "home") == "home"


def test_an_unknown_token_signs_nobody_in_and_no_cookie_is_given(house):
    node, _, _ = house
    for token in ("", "sekisho_" + "A" * 43, "x" * 10_000, "<script>"):
        answer = OfficerBrowser(node).sign_in(token)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
        assert "<script>" not in answer.text


def test_the_cookie_is_read_by_no_script_and_sent_by_no_other_site(house):
    node, _, tokens = house
    cookie = OfficerBrowser(node).sign_in(tokens["carrier-a-1"]).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Domain" not in cookie
    assert tokens["carrier-a-1"] not in cookie
    over_https = client_of(node)
    over_https.base_url = "https://127.0.0.1"
    cookie = over_https.post("/en/sign-in", data={"token": tokens["carrier-a-1"]}).headers[
        "set-cookie"
    ]
    assert cookie.startswith("__Host-sekisho=")
    assert "Secure" in cookie


def test_a_replaced_token_ends_its_sessions(house, officer):
    from sekisho.gate.house import Said, entry_of
    from sekisho.model.entry import EntryKind
    from sekisho.people import new_token

    node, _, _ = house
    assert officer.get("/forms").status_code == 200
    said = Said(public=(("participant", "carrier-a"), ("change", "token-replaced")))
    entry = entry_of(node._house, EntryKind.PARTICIPANT_CHANGED, said)
    node._house.store.set_token("carrier-a-1", new_token()[1], entry)
    assert officer.get("/forms").status_code == 303


def test_signing_out_ends_the_session_for_whoever_kept_its_cookie(house, officer):
    kept = dict(officer.client.cookies)
    page = officer.get("/forms")
    assert officer.send(page, "/sign-out").status_code == 303
    thief = client_of(house[0])
    thief.cookies.update(kept)
    assert thief.get("/en/forms").status_code == 303


def test_sessions_end_when_idle_when_old_and_when_there_are_too_many():
    at = [0.0]
    sessions = Sessions(lambda: at[0])

    class Asked:
        def __init__(self, cookie):
            self.cookies, self.scope = {"sekisho": cookie}, {"scheme": "http"}

    first = Asked(sessions.begin("token"))
    at[0] = IDLE_S
    assert sessions.of(first) is not None
    at[0] += IDLE_S + 1
    assert sessions.of(first) is None
    busy = Asked(sessions.begin("token"))
    for _ in range(LONGEST_S // IDLE_S + 1):
        at[0] += IDLE_S
        last = sessions.of(busy)
    assert last is None
    oldest = Asked(sessions.begin("token"))
    for _ in range(1000):
        sessions.begin("token")
    assert sessions.of(oldest) is None
    for cookie in ("", "x", "A" * 43, "\u00e9" * 43):
        assert sessions.of(Asked(cookie)) is None


POSTS = [
    f"{HERE}/s/firm",
    f"{HERE}/submit",
    f"{HERE}/drop",
    "/sign-out",
    "/submissions/MUS-0000-0000-0000/open",
    "/requests/x/decide",
]


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "headers", [{}, {"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}]
)
def test_what_another_site_sends_changes_nothing(house, officer, path, headers):
    node, _, _ = house
    before = node._house.store.entry_count()
    forged = {"form-token": "x" * 43} if not headers else {"form-token": form_token(officer)}
    answer = officer.client.post(f"/en{path}", data={**forged, "region": "north"}, headers=headers)
    assert answer.status_code == 403
    assert node._house.store.entry_count() == before
    assert node.as_("carrier-a-1").forms.draft(PROGRAMME, FORM).revision == 0


def form_token(browser):
    return form_to(browser.get("/forms").text, "/sign-out").fields["form-token"][0]


def test_a_form_shown_to_one_officer_is_not_taken_from_another(house, officer):
    node, _, tokens = house
    other = OfficerBrowser(node, tokens["carrier-b-1"])
    data = {"form-token": form_token(officer), "base": "0", "region": "north", "do": "next"}
    assert other.client.post(f"/en{HERE}/s/firm", data=data).status_code == 403


def test_another_site_cannot_sign_an_officer_in_as_somebody_else(house):
    node, _, tokens = house
    answer = client_of(node).post(
        "/en/sign-in",
        data={"token": tokens["carrier-b-1"]},
        headers={"origin": "https://evil.example"},
    )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_looking_changes_nothing(house, officer):
    node, _, _ = house
    before = (node._house.store.entry_count(), node._house.store.forms.drafts(PROGRAMME, FORM))
    for path in [*PAGES, f"{HERE}/submit", f"{HERE}/drop"]:
        officer.get(path)
    assert (
        node._house.store.entry_count(),
        node._house.store.forms.drafts(PROGRAMME, FORM),
    ) == before


def test_pages_for_officers_are_kept_by_nobody_and_may_send_forms_here_alone(officer):
    for path in ("/forms", HERE, f"{HERE}/s/firm", f"{HERE}/check", "/sign-in"):
        headers = officer.get(path).headers
        assert headers["content-security-policy"] == FORM_POLICY
        assert headers["cache-control"] == "no-store"
        for name, value in {**HEADERS, "Referrer-Policy": "same-origin"}.items():
            assert headers[name] == value
    assert FORM_POLICY.count("'self'") == POLICY.count("'self'") + 1
    assert "script" not in FORM_POLICY
    assert officer.get("/").headers["content-security-policy"] == SEARCH_POLICY
    assert officer.get("/log").headers["content-security-policy"] == POLICY


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xff\xfe", "application/json"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"a=b", "multipart/form-data"),
        (b"&".join(b"a=b" for _ in range(30_000)), "application/x-www-form-urlencoded"),
        (b"", ""),
    ],
)
def test_what_is_no_form_is_refused_in_words(officer, body, kind):
    answer = officer.client.post(f"/en{HERE}/s/firm", content=body, headers={"content-type": kind})
    assert answer.status_code in {400, 403}
    assert "went wrong" not in answer.text


def test_more_than_a_form_may_hold_is_not_read(officer, monkeypatch):
    from sekisho.web import posted

    monkeypatch.setattr(posted, "MOST_BYTES", 10_000)
    answer = officer.client.post(f"/en{HERE}/s/firm", files={"x": ("y", b"y" * 20_000)})
    assert answer.status_code == 400


def test_nobody_keeps_the_node_busy_with_a_long_form_before_signing_in(house):
    kind = {"content-type": "application/x-www-form-urlencoded"}
    body = b"&".join(b"token=" + b"%41" * 300_000 for _ in range(20))
    began = time.monotonic()
    answer = OfficerBrowser(house[0]).client.post("/en/sign-in", content=body, headers=kind)
    assert time.monotonic() - began < 3
    assert answer.status_code == 400


@pytest.mark.parametrize("revision", ["9" * 5_000, "²", "-1", ""])
def test_a_revision_that_is_no_number_submits_nothing(house, officer, revision):
    forms = house[0].as_("carrier-a-1").forms
    forms.fill(PROGRAMME, FORM, answers())
    page = officer.get(f"{HERE}/check")
    answer = officer.send(page, "/submit", revision=revision)
    assert answer.status_code == 409
    assert forms.submissions(PROGRAMME) == []


# -- the API --------------------------------------------------------------------------------------

API = f"/api/v1/programmes/{PROGRAMME}/forms/{FORM}"


def test_a_program_answers_over_http_with_a_token(house):
    node, _, tokens = house
    client = client_of(node)
    client.headers["authorization"] = f"Bearer {tokens['carrier-a-1']}"
    about = client.get(API).json()
    assert about["schema"]["properties"]["staff"]["maximum"] == 100000
    file = client.put(f"{API}/files/report/r.pdf", content=b"%PDF-1.7\nx").json()
    given = json.dumps(answers(report=file))
    assert client.put(f"{API}/draft", content=given).json()["revision"] > 0
    assert client.get(f"{API}/draft").json()["answers"]["report"]["sha256"] == file["sha256"]
    made = client.post(f"{API}/submissions").json()
    assert made["receipt"].startswith("c2sp.org/tlog-proof")
    listed = client.get(f"/api/v1/programmes/{PROGRAMME}/submissions").json()["submissions"]
    assert [each["reference"] for each in listed] == [made["reference"]]
    stranger = client_of(node)
    assert stranger.get(f"/api/v1/submissions/{made['reference']}").status_code == 404
    assert client.post(f"/api/v1/submissions/{made['reference']}/open").json()["state"] == "opened"
    assert stranger.get(f"/api/v1/submissions/{made['reference']}").status_code == 200


def test_the_api_takes_no_cookie_and_names_every_fault(house, officer):
    node, _, tokens = house
    assert officer.client.get(API).status_code == 403
    client = client_of(node)
    client.headers["authorization"] = f"Bearer {tokens['carrier-a-1']}"
    answer = client.put(f"{API}/draft?lang=ja", content=json.dumps(answers(staff="x", since="y")))
    assert answer.status_code == 422
    assert answer.json()["error"]["message"].count("\n") == 1
    assert "従業員数" in answer.json()["error"]["message"]
    for body in (b"", b"[]", b"\xff", b"{" * 50_000):
        assert client.put(f"{API}/draft", content=body).status_code == 422
    assert client.get(f"{API}/status").status_code == 403


def test_nobody_who_is_unknown_learns_what_there_is(house):
    node, _, _ = house
    node.as_("carrier-a-1").forms.fill(PROGRAMME, FORM, answers())
    client = client_of(node)
    for path in (API, f"{API}/draft", f"{API}/status"):
        assert client.get(path).status_code == 403
    assert client.get(f"/api/v1/programmes/{PROGRAMME}/submissions").json() == {"submissions": []}
    assert ANYBODY.roles == frozenset()
