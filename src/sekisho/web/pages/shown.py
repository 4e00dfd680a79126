"""A page as an answer, or the way to it in the language asked for."""

from collections.abc import Mapping

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from sekisho.terms import Language
from sekisho.text import sentence
from sekisho.web.languages import asked_language
from sekisho.web.pages.render import page
from sekisho.web.pages.signed import Signing
from sekisho.web.served import Served


def has_forms(node: Served) -> bool:
    """Whether the pages lead to forms."""
    return isinstance(node, Signing) and any(each.forms for each in node.programmes())


def has_calendar(node: Served) -> bool:
    """Whether the pages lead to a calendar of releases."""
    plans = (plan for each in node.programmes() for plan in each.release_plans)
    return any(plan.calendar is not None for plan in plans)


def shown(
    node: Served,
    asked: tuple[Request, Language],
    template: str,
    path: str,
    values: Mapping[str, object],
) -> Response:
    """The page, or the way to the same page in the language of `?lang=`."""
    request, language = asked
    other = asked_language(request)
    if other is not None and other is not language:
        return RedirectResponse(f"/{other.value}{path}", 307)
    known = {"origin": node.origin, "key": node.verifier_key, "nav_forms": has_forms(node)}
    known["nav_calendar"] = sentence("calendar.nav", {}, language) if has_calendar(node) else ""
    html = page(template, language, path, {**known, **values})
    return HTMLResponse(html, headers={"Content-Language": language.value})
