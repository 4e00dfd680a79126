"""A comparison as lines for the terminal, as CSV, and as a page."""

import csv
import io
from collections.abc import Callable, Sequence
from html import escape

from sekisho.model.document import Bullets, Document, Grid, Heading, Line, Paragraph
from sekisho.rules.compare import Asked, Comparison, Pair, cheapest
from sekisho.rules.conditions import Condition
from sekisho.rules.packs import TOPICS, PackRule, Packs
from sekisho.rules.printed.markup import heading, items, page, paragraph, table
from sekisho.rules.words import GROUND_WORDS
from sekisho.terms import Language
from sekisho.text import sentence


def _speaker(language: Language) -> Callable[..., str]:
    def say(name: str, **fields: object) -> str:
        return sentence(f"rules.{name}", fields, language)

    return say


def conditions_in_words(condition: Condition, packs: Packs, language: Language) -> list[str]:
    """Every way of a condition as words: the facts it asks for."""
    say = _speaker(language)
    ways = []
    for way in condition.ways:
        parts = []
        for atom in sorted(way):
            kind = packs.vocabulary.facts.get(atom.path)
            if kind:
                title = kind.title.said(language)
                parts.append(title if atom.wanted else say("missing-not", title=title))
            elif atom.path in GROUND_WORDS:
                values = ", ".join(str(value) for value in atom.values)
                sign = ("> " if atom.test == "over" else "") if atom.wanted else "≠ "
                parts.append(f"{GROUND_WORDS[atom.path].title.said(language)}: {sign}{values}")
        ways.append(say("and").join(parts))
    return ways


def _gateway_line(gate: PackRule, language: Language) -> str:
    return f"{gate.cited.citation.said(language)}: {gate.cited.text.said(language)}"


def _title(comparison: Comparison, language: Language) -> str:
    return _speaker(language)(
        "compare-title",
        flow=comparison.template.title.said(language),
        places=_speaker(language)("comma").join(comparison.places),
        day=comparison.at.isoformat(),
    )


def _result(pair: Pair, language: Language) -> str:
    say = _speaker(language)
    if pair.decision.allowed:
        return say("compare-passes")
    rules = say("comma").join(rule.citation.said(language) for rule in pair.decision.determining)
    opening = cheapest(pair)
    if opening is None:
        return say("compare-refused-fixed", rules=rules)
    steps = say("and").join(change.ask.said(language) for change in opening.changes)
    return say("compare-refused", rules=rules, steps=steps)


def common_lines(comparison: Comparison, language: Language) -> list[str]:
    """The common safeguards, a line each, with the laws that ask for them."""
    say = _speaker(language)
    common = comparison.common
    if common is None:
        return [say("compare-no-common")]
    if not common.changes:
        return [say("compare-none-needed")]
    return [
        say(
            "compare-common-row",
            ask=change.ask.said(language),
            laws=say("comma").join(common.asked_by.get(change.fact, ())),
            answers=change.answers.said(language),
        )
        for change in common.changes
    ]


def topic_title(topic: str, language: Language) -> str:
    """What a group of requirements is about."""
    return _speaker(language)(f"topic-{topic}")


def statistics_line(language: Language) -> str:
    """That finished statistics need none of this."""
    return _speaker(language)("compare-statistics")


def _of_topic(asked: Sequence[Asked], topic: str) -> list[Asked]:
    return [each for each in asked if each.rule.topic == topic]


def _topics(comparison: Comparison) -> list[str]:
    present = {each.rule.topic for law in comparison.asked.values() for each in law}
    return [topic for topic in TOPICS if topic in present]


def as_lines(comparison: Comparison, language: Language) -> list[str]:
    """A comparison for the terminal."""
    say = _speaker(language)
    lines = [_title(comparison, language), comparison.template.about.said(language), ""]
    for topic in _topics(comparison):
        lines.append(f"{say('compare-asks')} – {say(f'topic-{topic}')}")
        for place in comparison.places:
            found = _of_topic(comparison.asked[place], topic)
            if not found:
                lines.append(f"  {place}: {say('compare-nothing')}")
            for each in found:
                citation = each.rule.cited.citation.said(language)
                lines.append(f"  {place}: {citation} – {each.rule.cited.text.said(language)}")
                lines += [f"      · {_gateway_line(gate, language)}" for gate in each.gateways]
        lines.append("")
    lines.append(say("compare-pairs"))
    lines += [f"  {p.sender} → {p.recipient}: {_result(p, language)}" for p in comparison.pairs]
    lines += ["", say("compare-common")]
    lines += [f"  - {line}" for line in common_lines(comparison, language)]
    if comparison.statistics_pass:
        lines += ["", say("compare-statistics")]
    return [*lines, "", say("not-advice-unreviewed")]


def as_csv(comparison: Comparison, language: Language) -> str:
    """A comparison as one table: a line a gateway."""
    say = _speaker(language)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    columns = ("topic", "law", "requirement", "citation", "gateway")
    writer.writerow([say(f"compare-column-{name}") for name in columns])
    for topic in _topics(comparison):
        for place in comparison.places:
            for each in _of_topic(comparison.asked[place], topic):
                cited = each.rule.cited
                row = [say(f"topic-{topic}"), place, cited.text.said(language)]
                for gate in each.gateways or (None,):
                    line = _gateway_line(gate, language) if gate else ""
                    writer.writerow([*row, cited.citation.said(language), line])
    writer.writerow([])
    for line in common_lines(comparison, language):
        writer.writerow([say("compare-common"), ", ".join(comparison.places), line])
    writer.writerow([say("not-advice-unreviewed")])
    return out.getvalue()


def _cell(asked: Sequence[Asked], language: Language) -> str:
    say = _speaker(language)
    if not asked:
        return escape(say("compare-nothing"))
    parts = []
    for each in asked:
        cited = each.rule.cited
        parts.append(
            f"<strong>{escape(cited.citation.said(language))}</strong> "
            f"{escape(cited.text.said(language))}"
        )
        parts.append(items([_gateway_line(gate, language) for gate in each.gateways]))
    return "".join(parts)


def as_html(comparison: Comparison, language: Language) -> str:
    """A comparison as a page: laws side by side, pairs, and the common safeguards."""
    say = _speaker(language)
    laws = [
        [escape(say(f"topic-{topic}"))]
        + [_cell(_of_topic(comparison.asked[p], topic), language) for p in comparison.places]
        for topic in _topics(comparison)
    ]
    pairs = [
        [escape(p.sender), escape(p.recipient), escape(_result(p, language))]
        for p in comparison.pairs
    ]
    columns = [say(f"compare-column-{name}") for name in ("from", "to", "result")]
    body = [
        paragraph(comparison.template.about.said(language), "about"),
        heading(say("compare-asks")),
        table([say("compare-column-topic"), *comparison.places], laws),
        heading(say("compare-pairs")),
        table(columns, pairs),
        heading(say("compare-common")),
        items(common_lines(comparison, language)),
    ]
    if comparison.statistics_pass:
        body.append(paragraph(say("compare-statistics")))
    body.append(paragraph(say("not-advice-unreviewed"), "about"))
    return page(_title(comparison, language), body, language)


def _lines(asked: Sequence[Asked], language: Language) -> tuple[Line, ...]:
    if not asked:
        return (Line(_speaker(language)("compare-nothing"), "quiet"),)
    lines = []
    for each in asked:
        lines.append(Line(each.rule.cited.citation.said(language), "strong"))
        lines.append(Line(each.rule.cited.text.said(language)))
        lines += [Line(_gateway_line(gate, language), "item") for gate in each.gateways]
    return tuple(lines)


def document_of(comparison: Comparison, language: Language) -> Document:
    """A comparison as a document: laws side by side, pairs, and the common safeguards."""
    say = _speaker(language)
    laws = tuple(
        (
            (Line(say(f"topic-{topic}"), "strong"),),
            *(_lines(_of_topic(comparison.asked[p], topic), language) for p in comparison.places),
        )
        for topic in _topics(comparison)
    )
    pairs = tuple((p.sender, p.recipient, _result(p, language)) for p in comparison.pairs)
    columns = tuple(say(f"compare-column-{name}") for name in ("from", "to", "result"))
    statistics = (Paragraph(say("compare-statistics")),) if comparison.statistics_pass else ()
    widths = (2, *(3 for _ in comparison.places))
    return Document(
        title=_title(comparison, language),
        language=language,
        on=comparison.at,
        blocks=(
            Paragraph(comparison.template.about.said(language)),
            Heading(say("compare-asks")),
            Grid((say("compare-column-topic"), *comparison.places), laws, widths=widths),
            Heading(say("compare-pairs")),
            Grid(columns, pairs, widths=(1, 1, 8)),
            Heading(say("compare-common")),
            Bullets(tuple(common_lines(comparison, language))),
            *statistics,
            Paragraph(say("not-advice-unreviewed"), role="strong"),
        ),
        footer=say("not-advice-unreviewed"),
        landscape=True,
    )


def as_document(comparison: Comparison, language: Language) -> dict[str, object]:
    """A comparison for programs."""
    common = comparison.common
    return {
        "flow": comparison.template.id,
        "at": comparison.at.isoformat(),
        "places": list(comparison.places),
        "pairs": [
            {
                "from": pair.sender,
                "to": pair.recipient,
                "outcome": pair.decision.outcome.value,
                "refused_by": [] if pair.decision.allowed else list(pair.decision.rule_ids),
                "result": _result(pair, language),
            }
            for pair in comparison.pairs
        ],
        "common": None
        if common is None
        else [
            {
                "fact": change.fact,
                "to": change.to,
                "ask": change.ask.said(language),
                "asked_by": list(common.asked_by.get(change.fact, ())),
            }
            for change in common.changes
        ],
        "statistics_pass": comparison.statistics_pass,
    }
