"""The pages in a real browser: accessibility, keyboard, phone, and where requests go."""

import json
import os
import shutil
import threading
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from sekisho.web.app import create_app
from sekisho.web.serve import listening_socket
from tests.lib.releases import PLAN, PROGRAMME

pytestmark = pytest.mark.browser

AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
RELEASE = f"/releases/{PROGRAMME}/{PLAN}"
PAGES = [
    f"/{language}{path}"
    for language in ("en", "ja")
    for path in (
        "/",
        "/log",
        "/log/entries",
        "/log/entries/0",
        RELEASE,
        "/nothing",
    )
]
RUN_AXE = """async () => {
  const found = await axe.run(document, {runOnly: [
    'wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']});
  return found.violations.map(v => ({id: v.id, nodes: v.nodes.map(n => n.html).slice(0, 3)}));
}"""


def chromium() -> str:
    """The browser's path; without one a skip with the reason, on the build machine a failure."""
    for name in (os.environ.get("SEKISHO_CHROMIUM"), "chromium", "google-chrome"):
        found = shutil.which(name) if name else None
        if found:
            return found
    reason = "no Chromium: install it, or name it in SEKISHO_CHROMIUM"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def served(node):
    with listening_socket("127.0.0.1", 0) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(create_app(node), log_level="critical"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield address
        finally:
            server.should_exit = True
            thread.join(20)


@pytest.fixture(scope="module")
def browser():
    # Chromium refuses its sandbox to root, as which containers run
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=flags)
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser: Browser, served: str):
    """Open a page; afterwards no request may have gone elsewhere and nothing may have failed."""
    contexts: list[BrowserContext] = []
    strayed: list[str] = []
    complaints: list[str] = []

    def opened(path: str, *, bare: bool = False, **options: object) -> Page:
        context = browser.new_context(locale="ja-JP", timezone_id="Asia/Tokyo", **options)
        contexts.append(context)
        if bare:
            # a browser without any script cannot run axe either: ours comes empty instead
            empty = {"body": "", "content_type": "text/javascript"}
            context.route("**/static/release.js", lambda route: route.fulfill(**empty))
        page = context.new_page()
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((f"{served}/", "data:font/"))
                else strayed.append(request.url)
            ),
        )
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{served}{path}")
        page.evaluate("document.fonts.ready.then(() => true)")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert strayed == []
    assert [said for said in complaints if "404 (Not Found)" not in said] == []


@pytest.mark.parametrize(
    ("path", "width"),
    [
        *((path, 1280) for path in (*PAGES, "/en/?find=nothing", "/ja/rules/cbe-R1")),
        *((path, 390) for path in PAGES if RELEASE in path),
    ],
)
def test_axe_finds_nothing(open_page, path, width):
    page = open_page(path, viewport={"width": width, "height": 800})
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert json.dumps(page.evaluate(RUN_AXE), indent=1) == "[]"


@pytest.mark.parametrize("language", ["en", pytest.param("ja", marks=pytest.mark.slow)])
def test_axe_finds_nothing_where_no_script_runs(open_page, language):
    page = open_page(f"/{language}{RELEASE}", viewport={"width": 390, "height": 800}, bare=True)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert json.dumps(page.evaluate(RUN_AXE), indent=1) == "[]"


@pytest.mark.parametrize("path", PAGES)
def test_a_phone_scrolls_the_page_in_one_direction_only(open_page, path):
    page = open_page(path, viewport={"width": 375, "height": 700}, is_mobile=True, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") == 375


@pytest.mark.parametrize("path", [f"/en{RELEASE}", f"/ja{RELEASE}"])
def test_text_twice_as_large_still_fits(open_page, path):
    page = open_page(path, viewport={"width": 1280, "height": 800})
    page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_the_keyboard_alone_reaches_table_download_and_other_language(open_page):
    page = open_page(f"/en{RELEASE}", viewport={"width": 375, "height": 700})
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                "[document.activeElement.className, document.activeElement.getAttribute('href'),"
                " getComputedStyle(document.activeElement).outlineStyle]"
            )
        )
        if seen[-1][0] == "scroll data-frame":
            break
    assert [f"{RELEASE}.csv" in str(each[1]) for each in seen].count(True) == 1
    assert all(outline == "solid" for _, _, outline in seen)
    page.keyboard.press("ArrowRight")
    for _ in range(100):
        if page.evaluate("document.activeElement.scrollLeft") > 0:
            break
        page.wait_for_timeout(50)
    assert page.evaluate("document.activeElement.scrollLeft") > 0


def test_the_language_is_changed_by_keyboard(open_page):
    page = open_page(f"/en{RELEASE}", viewport={"width": 1280, "height": 800})
    page.get_by_role("link", name="日本語").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/ja{RELEASE}")
    assert page.locator("html").get_attribute("lang") == "ja"


def test_a_screen_reader_finds_the_tables_heads_and_hidden_cells(open_page):
    page = open_page(f"/ja{RELEASE}")
    tree = page.locator("table.data").aria_snapshot()
    assert 'columnheader "2011"' in tree
    assert 'rowheader "東アフリカ"' in tree
    assert 'cell "秘匿"' in tree
    assert 'cell "X"' not in tree
    assert page.get_by_role("img", name="折れ線グラフ").count() == 1


def test_japanese_is_drawn_in_the_shipped_font_on_the_page(open_page):
    page = open_page(f"/ja{RELEASE}")
    loaded = page.evaluate(
        "[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family + f.weight)"
    )
    assert {'"Noto Sans JP"400', '"Noto Sans JP"700'} <= set(loaded) or {
        "Noto Sans JP400",
        "Noto Sans JP700",
    } <= set(loaded)


@pytest.mark.parametrize("viewport", [1280, 375])
def test_the_chart_is_drawn_and_a_phone_gets_the_narrow_one(open_page, viewport):
    page = open_page(f"/ja{RELEASE}", viewport={"width": viewport, "height": 800})
    chart = page.locator("img.chart")
    assert chart.evaluate("image => image.complete && image.naturalWidth > 0")
    name = "chart-narrow.svg" if viewport == 375 else "chart.svg"
    assert chart.evaluate("image => image.currentSrc").endswith(name)


def test_a_chart_carries_its_font_also_when_opened_alone(open_page):
    page = open_page(f"/ja{RELEASE}/r1/chart.svg")
    page.evaluate("document.fonts.ready")
    assert page.evaluate("[...document.fonts].map(f => f.status)") == ["loaded"]


@pytest.mark.parametrize("path", [f"/en{RELEASE}", f"/ja{RELEASE}"])
def test_a_printed_page_shows_the_whole_table(open_page, path):
    page = open_page(path, viewport={"width": 1047, "height": 720})
    page.emulate_media(media="print")
    frame, table = page.locator(".data-frame"), page.locator("table.data")
    assert table.evaluate("t => t.offsetWidth") <= frame.evaluate("f => f.offsetWidth") + 1
    assert page.locator(".top nav").is_hidden()


def test_nothing_depends_on_scripts(open_page):
    page = open_page(f"/en{RELEASE}", java_script_enabled=False)
    assert page.get_by_role("heading", name="Downloads").is_visible()
    page.get_by_text("What the chart shows, in words").click()
    assert page.get_by_text("Line chart over time with one panel").is_visible()
    page.get_by_label("Find rows").fill("kenya")
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url("**find=kenya**")
    assert page.locator("#count").text_content() == (
        "3 of 52 rows, with the rows that they are part of"
    )
    page.get_by_role("link", name="Whole table").click()
    page.get_by_role("link", name="Eastern Africa").click()
    page.wait_for_url("**fold=**")
    assert page.get_by_role("rowheader", name="Kenya").count() == 0
    page.get_by_label("Chart of").select_option(index=2)
    page.get_by_role("button", name="Draw").click()
    page.wait_for_url("**show=**")
    assert "show=" in page.locator("img.chart").evaluate("image => image.currentSrc")
    assert page.get_by_role("button", name="Copy").count() == 0


def test_a_script_finds_sorts_and_folds_without_leaving_the_page(open_page):
    page = open_page(f"/en{RELEASE}", viewport={"width": 1280, "height": 900})
    page.evaluate("window.stays = true")
    page.get_by_label("Find rows").fill("africa")
    said = page.locator("#said")
    expect(said).to_contain_text("of 52")
    assert page.evaluate("document.activeElement.id") == "find"
    page.get_by_role("link", name="2011").press("Enter")
    page.wait_for_url("**find=africa&sort=-**")
    assert page.locator("th[aria-sort=descending]").text_content().strip() == "2011"
    assert page.evaluate("document.activeElement.textContent") == "2011"
    page.go_back()
    expect(page.locator("th[aria-sort]")).to_have_count(0)
    page.goto(page.url.split("?")[0])
    page.evaluate("window.stays = true")
    page.get_by_role("link", name="Caribbean").press("Enter")
    page.wait_for_url("**fold=**")
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "false"
    assert "folded away" in said.text_content()
    assert page.evaluate("window.stays") is True
    assert page.locator("a.language").get_attribute("href").endswith("?fold=1")


def test_pointing_at_a_mark_reads_its_number_though_no_text_may_become_code(open_page):
    page = open_page(f"/en{RELEASE}", viewport={"width": 1280, "height": 900})
    page.locator("img.chart").hover()
    chart = page.locator(".chart.live")
    chart.wait_for(timeout=60_000)
    chart.scroll_into_view_if_needed()
    box, tip = chart.bounding_box(), page.locator(".chart-tip")
    for step in range(400):
        page.mouse.move(box["x"] + 60 + 20 * (step % 40), box["y"] + 70 + 15 * (step // 40))
        if "All destinations" in tip.text_content():
            break
    assert tip.text_content().startswith("All destinations – 20")
    assert "US dollars" in tip.text_content()
    assert chart.get_attribute("role") == "img"
