"""What a page shows of a release, made ready for the template."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from sekisho.model.budget import ContributionLimit, Cost, ScaledDown
from sekisho.model.export import EXCEL_CSV
from sekisho.model.release import Became, Release
from sekisho.model.table import Table
from sekisho.present.answer import loss_text
from sekisho.present.bounds import plain
from sekisho.terms import Language, ReleaseState
from sekisho.text import sentence, templates
from sekisho.web.pages.render import moment, size_text
from sekisho.web.served import ServedRelease, Shelf

_ITEM = "  - "
DOWNLOADS = (
    ".xlsx",
    ".ja.xlsx",
    ".csv",
    ".ja.csv",
    ".json",
    ".parquet",
    ".xml",
    ".structure.xml",
    ".sdmx.csv",
    ".csv-metadata.json",
    ".svg",
    ".ja.svg",
)
"""Suffixes of released files in the order in which people look for them."""
PAPERS = {
    ".release.json": "release.json",
    ".manifest.json": "manifest.json",
    ".entry.json": "entry.json",
    ".tlog-proof": "proof.tlog-proof",
}
"""Suffix in the address -> name of the file that lies beside the numbers."""


@dataclass(frozen=True, slots=True)
class FileView:
    """A file to download."""

    suffix: str
    name: str
    address: str
    exact: str
    size: str
    digest: str
    title: str
    good_for: str
    """What it is good for; empty for the files that prove."""


@dataclass(frozen=True, slots=True)
class CostView:
    """What noise cost the people in the data, as people read it."""

    epsilon: str
    delta: str
    scaled_down: tuple[str, ...]
    """How much was scaled down, in sentences."""
    is_corrected: bool
    """Whether the intervals hold the error of a correction beside that of the noise."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence of the decision with the points under it."""

    line: str
    points: tuple[str, ...]


def measure(table: Table, language: Language) -> str:
    """What the numbers are, with their unit."""
    fields = {
        "measure": table.measure_title.said(language),
        "unit": table.unit_of_measure.said(language),
    }
    return sentence("format.measure-with-unit", fields, language)


def cost(release: Release, language: Language) -> CostView | None:
    """The cost of a release with noise; None when its cells are hidden instead."""
    if release.cost is None:
        return None
    epsilon, delta = loss_text(release.cost.epsilon), f"{release.cost.delta.normalize():f}"
    lowers = release.table.has_intervals
    told = (
        sentence(*said, language)
        for each in release.cost.scaled_down
        for said in _scaled(release.cost, each, lowers=lowers)
    )
    is_corrected = any(each.factor is not None for each in release.cost.limits)
    return CostView(epsilon, delta, tuple(dict.fromkeys(told)), is_corrected)


_Sentence = tuple[str, dict[str, object]]


def _scaled(cost: Cost, scaled: ScaledDown, *, lowers: bool) -> Iterator[_Sentence]:
    """Up to what a contribution counted, what was put back, and how much is missing.

    `lowers` says whether the numbers are sums: the middle of values moves, either way.
    """
    limit = next((each for each in cost.limits if each.measures == scaled.measures), None)
    if limit is not None:
        yield from _limited(limit)
    is_put_back = limit is not None and limit.factor is not None
    if not lowers:
        yield "web.noise-moved", {}
    elif not is_put_back:
        yield "web.noise-lower", {}
        if scaled.missing is None:
            yield "web.noise-unknown", {}
        else:
            yield "web.noise-missing", {"percent": scaled.missing, "error": scaled.missing_error}
    if scaled.units is not None:
        yield "web.noise-units", {"percent": scaled.units, "error": scaled.units_error}


def _limited(limit: ContributionLimit) -> Iterator[_Sentence]:
    """How it was found up to what a contribution counts, and what was put back."""
    if limit.by != "declared":
        fields = {"value": plain(limit.value), "share": plain(limit.share * 100)}
        yield f"web.noise-{limit.by}-{limit.kind}", dict(fields)
    if limit.is_stale and limit.speaks_for is not None:
        yield "web.noise-stale", {"other": plain(limit.speaks_for), "value": plain(limit.value)}
    if limit.factor is not None:
        said = {"factor": f"{limit.factor:.3f}", "error": f"{limit.factor_error or 0:.3f}"}
        yield "web.noise-corrected", dict(said)


def place_of(released: ServedRelease) -> str:
    """The address of a release's newest revision, without language and suffix."""
    return f"/releases/{released.release.programme}/{released.release.plan}"


def exact_place_of(released: ServedRelease) -> str:
    """The address of exactly this revision."""
    return f"{place_of(released)}/r{released.release.revision}"


def downloads(released: ServedRelease, language: Language = Language.EN) -> list[FileView]:
    """The numbers and the chart as files."""
    plan = released.release.plan
    found = ((suffix, f"{plan}{suffix}") for suffix in DOWNLOADS)
    return _present(released, found, language)


def made(released: ServedRelease, language: Language) -> list[FileView]:
    """What is made of the files when it is asked for: the archive, the CSV for Excel."""
    place, exact, release = place_of(released), exact_place_of(released), released.release
    names = {".zip": f"{release.id}.zip", f".{EXCEL_CSV}": f"{release.plan}.{EXCEL_CSV}"}
    return [
        FileView(
            suffix, name, f"{place}{suffix}", f"{exact}/{name}", "", "", *_words(suffix, language)
        )
        for suffix, name in names.items()
    ]


def papers(released: ServedRelease, language: Language = Language.EN) -> list[FileView]:
    """The files that prove the release."""
    return _present(released, PAPERS.items(), language)


def digest_lines(released: ServedRelease) -> str:
    """Every file with its SHA-256, as `sha256sum --check` reads it."""
    return "\n".join(f"{digest}  {name}" for name, digest in sorted(released.release.files.items()))


def _said(code: str, otherwise: str, language: Language) -> str:
    """A sentence about a kind of file; something more general when there is none."""
    area, _, name = code.partition(".")
    return sentence(code if name in templates(area, language) else otherwise, None, language)


def _words(suffix: str, language: Language) -> tuple[str, str]:
    """What a file is called, and what it is good for."""
    kind = suffix[1:].replace(".", "-")
    title = _said(f"web.file-{kind}", "release_page.file-other", language)
    if suffix in PAPERS:
        return title, ""
    return title, _said(f"release_page.good-{kind}", "release_page.good-other", language)


def _present(
    released: ServedRelease, wanted: Iterable[tuple[str, str]], language: Language
) -> list[FileView]:
    files, digests = released.files, released.release.files
    place, exact = place_of(released), exact_place_of(released)

    return [
        FileView(
            suffix,
            name,
            f"{place}{suffix}",
            f"{exact}/{name}",
            size_text(files[name].stat().st_size),
            digests.get(name, ""),
            *_words(suffix, language),
        )
        for suffix, name in wanted
        if name in files
    ]


def passages(lines: list[str]) -> list[Passage]:
    """The decision's sentences, points gathered under the sentence that they belong to."""
    starts = [n for n, line in enumerate(lines) if not line.startswith(_ITEM)]
    spans = pairwise([*starts, len(lines)])
    return [
        Passage(lines[a], tuple(line.removeprefix(_ITEM) for line in lines[a + 1 : b]))
        for a, b in spans
    ]


def citation(shelf: Shelf, released: ServedRelease, origin: str, language: Language) -> str:
    """How to cite the release."""
    release = released.release
    publisher = shelf.steward.name.said(language) if shelf.steward else shelf.programme.steward
    fields = {
        "publisher": publisher,
        "title": release.table.title.said(language),
        "programme": shelf.programme.title.said(language),
        "release": release.id,
        "revision": release.revision,
        "date": moment(release.made_at, language),
        "index": "–" if release.entry_index is None else release.entry_index,
        "origin": origin,
    }
    return sentence("web.citation", fields, language)


def state_sentence(released: ServedRelease, newest: int, language: Language) -> str:
    """What a reader must know before using the numbers; empty when there is nothing."""
    if released.release.state is ReleaseState.WITHDRAWN or released.became.corrected_by:
        return "" if released.became != Became() else sentence("web.state-withdrawn", {}, language)
    if released.release.revision < newest:
        return sentence("web.state-older", {"newest": newest}, language)
    return ""
