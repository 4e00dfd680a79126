"""Officers' pages in a real browser: accessibility, phone, without scripts, from sign-in to receipt."""

import json
import threading

import pytest
import uvicorn
from playwright.sync_api import Page

from sekisho.web.app import create_app
from sekisho.web.serve import listening_socket
from tests.lib.forms import ASK, FORM, PROGRAMME, make_node
from tests.web.test_web_browser import AXE, RUN_AXE, browser  # noqa: F401 - a fixture

pytestmark = pytest.mark.browser

HERE = f"/forms/{PROGRAMME}/{FORM}"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    node, _, tokens = make_node(tmp_path_factory.mktemp("forms"))
    node.forms.request_data(PROGRAMME, ASK)
    with listening_socket("127.0.0.1", 0) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(create_app(node), log_level="critical"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield node, tokens, address
        finally:
            server.should_exit = True
            thread.join(20)
            node.close()


def looked_at(page: Page, width: int) -> None:
    """Nothing that a reader with a disability would stumble over; nothing beside the screen."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert json.dumps(page.evaluate(RUN_AXE), indent=1) == "[]", page.url
    assert page.evaluate("document.documentElement.scrollWidth") == width, page.url


@pytest.mark.parametrize(("language", "width", "who"), [("en", 1280, "a"), ("ja", 375, "b")])
def test_every_page_from_sign_in_to_receipt_is_accessible(house, browser, language, width, who):  # noqa: F811
    node, tokens, address = house
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()

    def go(path: str) -> None:
        page.goto(f"{address}/{language}{path}")
        looked_at(page, width)

    def press(number: int = 0) -> None:
        page.locator("p.buttons button").nth(number).click()
        looked_at(page, width)

    go("/sign-in")
    page.fill("#token", "wrong")
    press()
    assert page.locator("#token-error").is_visible()
    page.fill("#token", tokens[f"carrier-{who}-1"])
    press()
    go(HERE)
    go(f"{HERE}/s/firm")
    page.fill("#staff", "many")
    press()
    page.locator(".errors a").click()
    assert page.evaluate("document.activeElement.id") == "staff"
    page.check("#region")
    page.fill("#staff", "120")
    page.fill("#teleworkers", "130")
    press()
    page.fill("#since", "2020")
    page.fill("#since-month", "4")
    page.fill("#since-day", "7")
    page.fill("#lessons-ja", "会議が減りました。")
    page.select_option("#sites-1-goods", "rice")
    page.fill("#sites-1-sales", "12.5")
    press()
    assert page.locator(".errors a").count() == 1
    page.locator(".errors a").click()
    assert page.url.endswith("/s/firm#teleworkers")
    page.fill("#teleworkers", "80")
    second = node.as_(f"carrier-{who}-2").forms
    base = second.draft(PROGRAMME, FORM).revision
    second.save(PROGRAMME, FORM, "firm", {"region": "south", "staff": 7}, base)
    press()
    assert page.locator("table.versions tbody tr").count() == 3
    page.check("#region")
    page.fill("#staff", "120")
    press()
    press()
    reference = page.locator("section.done strong").inner_text()
    assert node.forms.submission(reference).answers["region"] == "north"
    for path in (f"/submissions/{reference}", f"{HERE}/submissions", "/forms", "/submissions/X"):
        go(path)
    asked = node.as_(f"carrier-{who}-1").forms.requests()[0]
    go(f"/requests/{asked.id}")
    context.close()


def test_a_form_is_answered_without_scripts_and_by_keyboard_alone(house, browser):  # noqa: F811
    node, tokens, address = house
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/en/sign-in")
    page.focus("#token")
    page.keyboard.type(tokens["carrier-c-1"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/en/forms")
    page.goto(f"{address}/en{HERE}/s/firm")
    page.focus("#region")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    page.wait_for_url("**/s/costs")
    draft = node.as_("carrier-c-1").forms.draft(PROGRAMME, FORM)
    assert {"region": draft.answers["region"], "staff": int(draft.answers["staff"])} == {
        "region": "north",
        "staff": 12,
    }
    context.close()
