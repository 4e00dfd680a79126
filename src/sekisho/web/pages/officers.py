"""Everything that officers of participants see, in both languages, and the API of forms."""

from fastapi import APIRouter

from sekisho.terms import Language
from sekisho.web.api.documents import documents_api
from sekisho.web.api.duties import duties_api
from sekisho.web.api.forms import forms_api
from sekisho.web.pages.data_requests import request_pages
from sekisho.web.pages.duties import duty_pages
from sekisho.web.pages.exchange import exchange_pages
from sekisho.web.pages.forms import form_pages
from sekisho.web.pages.signed import Desk, Signing, sign_pages
from sekisho.web.pages.submissions import own_pages, submission_pages
from sekisho.web.session import Sessions


def officer_pages(node: Signing) -> list[APIRouter]:
    """The routers of a node that knows actors by their tokens."""
    sessions = Sessions()
    desks = [Desk(node, sessions, language) for language in Language]
    rooms = (
        sign_pages,
        own_pages,
        exchange_pages,
        form_pages,
        submission_pages,
        request_pages,
        duty_pages,
    )
    return [
        forms_api(node),
        documents_api(node),
        duties_api(node),
        *(room(desk) for desk in desks for room in rooms),
    ]
