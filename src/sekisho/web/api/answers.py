"""One shape of a fault for programs: `{"error": {"code", "message", "rules"}, "status"}`."""

from collections.abc import Iterable

from fastapi.responses import JSONResponse

from sekisho.errors import Fault
from sekisho.model.text import Text
from sekisho.terms import Language

PREFIX = "/api/"


def fault_answer(faults: Iterable[Fault], status: int, language: Language) -> JSONResponse:
    """The faults as one answer; `rules` are the access rules that closed the way, if any did."""
    found = list(faults)
    rules = [str(each.fields["id"]) for each in found if each.code == "rules.refused-by"]
    body = {
        "error": {
            "code": found[0].code,
            "message": "\n".join(each.sentence(language) for each in found),
            "rules": rules,
        },
        "status": status,
    }
    return JSONResponse(body, status, headers={"Content-Language": language.value})


def both(text: Text) -> dict[str, str]:
    """A text in both languages."""
    return {"en": text.en, "ja": text.ja}
