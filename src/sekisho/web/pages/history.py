"""What became of a release, as its page shows it: the part that says so, and the changed cells."""

from collections.abc import Sequence
from decimal import Decimal

from sekisho.model.table import Cell, Suppressed, Table
from sekisho.present.changes import ChangedCell, Changes, changes_between
from sekisho.present.history import day_of, status_lines, status_word
from sekisho.present.hours import hours_of, hours_svg, hours_words
from sekisho.present.pivot import said, shown_decimals
from sekisho.terms import Language
from sekisho.text import sentence
from sekisho.web.pages.render import moment
from sekisho.web.served import ServedRelease, is_handed_out

MOST_CHANGES = 200
"""Changed cells that a page shows."""


def history_view(
    every: Sequence[ServedRelease], released: ServedRelease, language: Language
) -> dict[str, object]:
    """The values of `release_history.html`; `every` are the revisions of the table."""
    return {
        "status": status_word(released.release, released.became),
        "lines": status_lines(released.release, released.became, language),
        "newer": _newer(released, language),
        "steps": [_step(each, language) for each in reversed(every)],
        "changes": _changes(every, released, language),
        "hours": _hours(released, language),
        "h": lambda name, **fields: sentence(f"calendar.{name}", fields, language),
    }


def _hours(released: ServedRelease, language: Language) -> dict[str, object] | None:
    """Which hours of the day are tight, where the table has hours and may be read."""
    if not is_handed_out(released):
        return None
    found = hours_of(released.release.table, language)
    if found is None:
        return None
    return {
        "svg": hours_svg(found, language),
        "words": hours_words(found, language),
        "names": [each.name for each in found.series],
        "rows": [
            (hour, [each.shares[at] for each in found.series])
            for at, hour in enumerate(found.hours)
        ],
    }


def _newer(released: ServedRelease, language: Language) -> str:
    """The address of the release in its place; empty where there is none."""
    later = released.became.corrected_by
    if later is None:
        return ""
    return f"/{language.value}/releases/{later.programme}/{later.plan}/r{later.revision}"


def _step(each: ServedRelease, language: Language) -> dict[str, object]:
    release = each.release
    fields = {"number": release.revision, "day": day_of(release.out_at, language)}
    told = status_lines(release, each.became, language)
    if not told and release.planned is not None:
        planned = {"planned": moment(release.planned, language)}
        told = [sentence("calendar.history-planned", planned, language)]
    return {
        "name": sentence("calendar.history-made", fields, language),
        "number": release.revision,
        "told": told or [sentence("calendar.history-plain", {}, language)],
    }


def _changes(
    every: Sequence[ServedRelease], released: ServedRelease, language: Language
) -> dict[str, object] | None:
    """The cells that the correction changed, on the pages of both releases."""
    pair = _pair(every, released)
    if pair is None or any(each.became.taken_down for each in pair):
        return None
    before, after = (each.release.table for each in pair)
    changes = changes_between(before, after)
    decimals = max(shown_decimals(before), shown_decimals(after))
    return {
        "words": _words(changes, after, language),
        "cells": [
            {
                "name": _name(cell, after, language),
                "before": _cell(cell.before, decimals, language),
                "after": _cell(cell.after, decimals, language),
                "difference": _difference(cell.difference, decimals, language),
            }
            for cell in changes.cells[:MOST_CHANGES]
        ],
        "cut": len(changes.cells) > MOST_CHANGES,
        "shown": MOST_CHANGES,
    }


def _pair(
    every: Sequence[ServedRelease], released: ServedRelease
) -> tuple[ServedRelease, ServedRelease] | None:
    """The corrected release and the one in its place, whichever of the two is asked for."""
    by_id = {each.release.id: each for each in every}
    later = released.became.corrected_by
    if later is not None and later.id in by_id:
        return released, by_id[later.id]
    corrected = by_id.get(released.release.corrects or "")
    return (corrected, released) if corrected is not None else None


def _words(changes: Changes, after: Table, language: Language) -> list[str]:
    if not changes.same_layout:
        return [sentence("calendar.changes-layout", {}, language)]
    if not changes.cells:
        return [sentence("calendar.changes-none", {}, language)]
    fields = {"count": len(changes.cells), "compared": changes.compared}
    told = [sentence("calendar.changes-lead", fields, language)]
    if after.is_estimated:
        told.append(sentence("calendar.changes-noise", {}, language))
    return told


def _name(cell: ChangedCell, table: Table, language: Language) -> str:
    """The cell's place in words: each dimension's narrowest value, or its total."""
    place = dict(zip(table.group_columns, cell.groups, strict=True))
    parts = []
    for dimension in table.dimensions:
        given = [(c, v) for c in dimension.columns if (v := place[c]) is not None]
        parts.append(table.label(*given[-1], language) if given else dimension.total.said(language))
    return "、".join(parts) if language is Language.JA else ", ".join(parts)


def _cell(cell: Cell | None, decimals: int, language: Language) -> str:
    if cell is None:
        return sentence("calendar.changes-absent", {}, language)
    if isinstance(cell, Suppressed):
        return sentence("calendar.changes-hidden", {}, language)
    return said(cell, decimals, language)


def _difference(difference: Decimal | None, decimals: int, language: Language) -> str:
    if difference is None:
        return "–"
    shown = said(difference, decimals, language)
    return f"+{shown}" if difference > 0 else shown
