"""What became of a release, and what it is a correction of: in words, and for programs."""

from collections.abc import Iterator
from datetime import datetime

from sekisho.model.calendar import Correction, ErrorClass
from sekisho.model.release import Became, Release
from sekisho.model.text import Text
from sekisho.terms import Language
from sekisho.text import sentence


def status_lines(release: Release, became: Became, language: Language) -> list[str]:
    """What a reader must know before using the figures; nothing for a release that stands."""
    return list(_lines(release, became, language))


def _lines(release: Release, became: Became, language: Language) -> Iterator[str]:
    gone = became.withdrawal
    if gone is not None and gone.error is not None:
        code = "state-taken-down" if gone.taken_down else "state-withdrawn"
        yield _told(code, gone.at, (gone.error, gone.reason), language)
    later = became.corrected_by
    if later is not None and later.correction is not None:
        yield _corrected("state-corrected", later, later.id, language)
    if release.correction is not None:
        yield _corrected("state-corrects", release, release.corrects or "", language)


def _corrected(code: str, later: Release, other: str, language: Language) -> str:
    said = later.correction or Correction(ErrorClass.DATA, Text("", ""))
    return _told(code, later.out_at, (said.error, said.reason), language, other)


def _told(
    code: str,
    at: datetime,
    why: tuple[ErrorClass, Text],
    language: Language,
    other: str = "",
) -> str:
    error, reason = why
    fields = {
        "day": day_of(at, language),
        "error": sentence(f"calendar.error-{error.value}", {}, language),
        "reason": reason.said(language),
        "release": other,
    }
    return sentence(f"calendar.{code}", fields, language)


def day_of(at: datetime, language: Language) -> str:
    """The day, UTC, as people write it."""
    if language is Language.JA:
        return f"{at.year}年{at.month}月{at.day}日"
    return f"{at.day} {at:%B %Y}"


def status_word(release: Release, became: Became) -> str:
    """`current`, `corrected` or `withdrawn`: what a download is marked with."""
    if became.withdrawal is not None or release.state.value == "withdrawn":
        return "withdrawn"
    return "corrected" if became.corrected_by is not None else "current"


def history_about(release: Release, became: Became) -> dict[str, object]:
    """The same for programs."""
    about: dict[str, object] = {"status": status_word(release, became)}
    if release.planned is not None:
        about["planned_at"] = release.planned.isoformat()
        about["published_at"] = release.out_at.isoformat()
    if release.correction is not None:
        about["corrects"] = {"release": release.corrects, **_why(release.correction)}
    later = became.corrected_by
    if later is not None and later.correction is not None:
        about["corrected_by"] = {
            "release": later.id,
            "at": later.out_at.isoformat(),
            "entry": later.entry_index,
            **_why(later.correction),
        }
    gone = became.withdrawal
    if gone is not None and gone.error is not None:
        about["withdrawn"] = {
            "at": gone.at.isoformat(),
            "entry": gone.entry_index,
            "figures": "taken-down" if gone.taken_down else "marked",
            **_why(Correction(gone.error, gone.reason)),
        }
    return about


def _why(said: Correction) -> dict[str, object]:
    reason = {"en": said.reason.en, "ja": said.reason.ja}
    return {"error": said.error.value, "reason": reason}
