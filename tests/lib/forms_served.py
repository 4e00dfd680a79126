"""A browser without a screen for officers: signs in, finds a page's fields, sends them back."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from fastapi.testclient import TestClient

from sekisho.web.app import create_app

BASE = "http://127.0.0.1"


def client_of(node) -> TestClient:
    return TestClient(
        create_app(node), base_url=BASE, follow_redirects=False, raise_server_exceptions=False
    )


@dataclass
class PageForm:
    """One form of a page: where it goes, and its fields as a browser would send them."""

    action: str = ""
    fields: dict[str, list[str]] = field(default_factory=dict)


class Forms(HTMLParser):
    """The forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self._area: str | None = None
        self._select: str | None = None

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        name = given.get("name")
        if tag == "form":
            self.forms.append(PageForm(given["action"]))
        elif tag == "input" and name and given.get("type") not in {"file", "submit"}:
            ticked = given.get("type") not in {"radio", "checkbox"} or "checked" in given
            if ticked:
                self.forms[-1].fields.setdefault(name, []).append(given.get("value") or "")
        elif tag == "textarea":
            self._area = name
            self.forms[-1].fields[name] = [""]
        elif tag == "select":
            self._select = name
            self.forms[-1].fields[name] = [""]
        elif tag == "option" and "selected" in given:
            self.forms[-1].fields[self._select] = [given["value"]]

    def handle_endtag(self, tag):
        if tag == "textarea":
            self._area = None

    def handle_data(self, data):
        if self._area:
            self.forms[-1].fields[self._area][0] += data.removeprefix("\n")


def forms_of(html: str) -> list[PageForm]:
    found = Forms()
    found.feed(html)
    return found.forms


def form_to(html: str, action: str) -> PageForm:
    """The form of a page that goes to an address ending so."""
    return next(each for each in forms_of(html) if each.action.endswith(action))


class OfficerBrowser:
    """One officer's browser."""

    def __init__(self, node, token: str | None = None, language: str = "en") -> None:
        self.client = client_of(node)
        self.language = language
        if token:
            self.sign_in(token)

    def get(self, path: str, **more):
        return self.client.get(f"/{self.language}{path}", **more)

    def sign_in(self, token: str):
        return self.client.post(
            f"/{self.language}/sign-in", data={"token": token, "next": f"/{self.language}/forms"}
        )

    def send(self, page, action: str, files=None, **changed: object):
        """Send a page's form back, some fields changed; `do` names the button."""
        form = form_to(page.text, action)
        data = {
            **form.fields,
            **{name.replace("__", "-"): value for name, value in changed.items()},
        }
        return self.client.post(form.action, data=data, files=files or {})

    def follow(self, answer):
        assert answer.status_code == 303, (answer.status_code, text_of(answer.text)[:600])
        return self.client.get(answer.headers["location"])


def text_of(html: str) -> str:
    """The words of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))
