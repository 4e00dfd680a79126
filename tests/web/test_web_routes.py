import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from sekisho.terms import Language
from sekisho.web.api.routes import api
from sekisho.web.files import downloads, log_files
from sekisho.web.pages.front import front_pages
from sekisho.web.pages.releases import release_pages
from sekisho.web.pages.routes import doors
from sekisho.web.security import HEADERS, LIVE_POLICY, PICTURE_POLICY, POLICY, SEARCH_POLICY
from tests.lib.releases import PLAN, PROGRAMME

SAMPLES = {
    "{programme}": PROGRAMME,
    "{plan}": PLAN,
    "{number:number}": "1",
    "{name}": f"{PLAN}.csv",
    "{picture}": "chart.svg",
    "{release}": f"{PROGRAMME}.{PLAN}.r1",
    "{path:path}": "checkpoint",
    "{rule}": "cbe-R1",
}
RELEASE = f"/releases/{PROGRAMME}/{PLAN}"
PAGES = [
    f"/{language}{path}"
    for language in Language
    for path in ("/", "/log", RELEASE, f"{RELEASE}/r1")
]


def templates(node):
    routers = [api(node), doors(node), downloads(node), log_files(node)]
    for language in Language:
        routers += [front_pages(node, language), release_pages(node, language)]
    return [(route.path, route.methods) for router in routers for route in router.routes]


def address(template):
    for name, sample in SAMPLES.items():
        template = template.replace(name, sample)
    return template


class Found(HTMLParser):
    """Addresses, tags and attributes of a page."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.ids = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.attributes += attrs
        self.ids += [value for name, value in attrs if name == "id"]


def parsed(html):
    found = Found()
    found.feed(html)
    return found


def test_every_route_answers_get_and_nothing_else(node, client):
    for template, methods in templates(node):
        assert methods == {"GET"}, template
        path = address(template)
        assert "{" not in path, template
        answer = client.get(path)
        assert answer.status_code in {200, 307}, path
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            refused = client.request(method, path)
            assert refused.status_code == 405, (method, path)
            assert "GET" in refused.headers["allow"]


def test_every_answer_carries_the_guarding_headers(node, client):
    for path in [address(t) for t, _ in templates(node)] + [
        "/nothing",
        "/api/v1/nothing",
        "/static/site.css",
    ]:
        headers = client.get(path).headers
        for name, value in HEADERS.items():
            assert headers[name] == value, (path, name)
        picture = headers.get("content-type", "").startswith("image/svg+xml")
        policy = PICTURE_POLICY if picture else POLICY
        if path in {"/en/", "/ja/"}:
            policy = SEARCH_POLICY
        elif re.fullmatch(rf"/(en|ja){RELEASE}(/r1)?", path):
            policy = LIVE_POLICY
        assert headers["Content-Security-Policy"] == policy, path
        assert "cache-control" in headers
        assert "set-cookie" not in headers


def test_the_policy_lets_no_script_run_and_nothing_in_from_elsewhere():
    for policy in (POLICY, PICTURE_POLICY):
        assert "default-src 'none'" in policy
        assert "script" not in policy
        assert "http" not in policy
        assert "*" not in policy
    for policy in (POLICY, LIVE_POLICY, SEARCH_POLICY):
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert "form-action 'self'" in policy or policy == POLICY
    assert "script-src 'self';" in LIVE_POLICY
    assert "script-src 'none'" in SEARCH_POLICY


def test_head_says_what_get_says_without_the_body(client):
    for path in (PAGES[0], f"{RELEASE}.csv", "/log/checkpoint"):
        got, headed = client.get(path), client.head(path)
        assert headed.status_code == got.status_code == 200
        assert headed.content == b""
        assert headed.headers["content-length"] == got.headers["content-length"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_names_no_address_elsewhere_and_no_script_or_inline_style(client, path):
    html = client.get(path).text
    page = parsed(html)
    assert not {"style", "iframe", "object"} & {tag for tag, _ in page.tags}
    scripts = [attributes for tag, attributes in page.tags if tag == "script"]
    own = [{"type": "module", "src": "/static/release.js"}] if "/releases/" in path else []
    assert scripts == own
    assert html.count("<script") == html.count("></script>") == len(own)
    for name, value in page.attributes:
        assert name != "style"
        assert not name.startswith("on")
        if name in {"href", "src", "srcset", "action"}:
            assert re.match(r"^(/(?!/)|#)", value), value


@pytest.mark.parametrize("path", PAGES)
def test_a_page_says_its_language_and_leads_to_the_other(client, path):
    answer = client.get(path)
    language = path[1:3]
    other = "en" if language == "ja" else "ja"
    page = parsed(answer.text)
    assert ("html", {"lang": language}) in page.tags
    assert answer.headers["content-language"] == language
    links = [
        attributes for tag, attributes in page.tags if tag == "a" and attributes.get("hreflang")
    ]
    assert [link["href"] for link in links] == [f"/{other}{path[3:]}"]
    assert links[0]["lang"] == other
    assert client.get(links[0]["href"]).status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_every_address_on_a_page_leads_somewhere(client, path):
    page = parsed(client.get(path).text)
    for name, value in page.attributes:
        if name in {"href", "src", "srcset"} and value.startswith("/"):
            assert client.get(value).status_code == 200, value
        elif name == "href" and value.startswith("#"):
            assert value[1:] in page.ids, value


@pytest.mark.parametrize("path", PAGES)
def test_no_id_is_used_twice_and_headings_go_down_step_by_step(client, path):
    page = parsed(client.get(path).text)
    assert len(page.ids) == len(set(page.ids))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def test_static_files_do_not_lead_out_of_their_folder(client):
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/fonts/..%2fchart.py", "/static/"):
        assert client.get(path).status_code == 404, path


def test_fonts_and_style_are_served_from_here(client):
    style = client.get("/static/site.css").text
    fonts = re.findall(r'url\("([^"]+)"\)', style)
    assert len(fonts) == 4
    for font in fonts:
        assert client.get(font).content[:4] == b"wOF2"
    assert "@import" not in style
    assert "http" not in style
