"""Writes the reference pages of the rules: packs, facts on file, comparisons. `make docs`."""

import sys
from datetime import date
from pathlib import Path

from sekisho.rules.compare import Comparison, cheapest, compare, template_names
from sekisho.rules.packs import Packs, installed
from sekisho.rules.printed import comparison as printed
from sekisho.rules.printed import pack as printed_pack
from sekisho.terms import Language

PLACES = ("JP", "EU", "KR", "US")
DAY = date(2026, 11, 22)
"""The day for which the comparisons of the manual were computed."""
BEGIN, END = "<!-- computed: {name} -->", "<!-- end -->"


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("\n", " ")


def facts_page(packs: Packs) -> str:
    """Every fact on file that a rule may ask for."""
    lines = [
        "# Facts on file",
        "",
        "What a rule may ask for beside who sends what to whom. A fact is true, false or unknown;",
        "unknown never helps. It carries its source, who answers for it and until when it holds.",
        "Cost: 1 (write down what is so) to 9 (years).",
        "",
        "| fact | means | true | cost | to bring it about | answers | asked by |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, kind in packs.vocabulary.facts.items():
        asking = sorted(
            {
                pack.jurisdiction
                for pack in packs.packs.values()
                for rule in pack.rules
                if any(atom.path == name for atom in rule.condition.atoms())
            }
        )
        cells = [
            f"`{name}`",
            f"{kind.title.en}<br>{kind.title.ja}",
            "helps" if kind.opens else "hinders",
            str(kind.cost),
            kind.ask.en if kind.changeable else f"only if it is so already: {kind.ask.en}",
            kind.answers.en,
            ", ".join(asking),
        ]
        lines.append(f"| {' | '.join(_cell(each) for each in cells)} |")
    return "\n".join(lines) + "\n"


def _laws_table(found: Comparison, language: Language) -> list[str]:
    """One line a topic, one column a law: requirement and the articles that open it."""
    lines = ["| | " + " | ".join(found.places) + " |", "|---" * (len(found.places) + 1) + "|"]
    topics = dict.fromkeys(each.rule.topic for place in found.places for each in found.asked[place])
    for topic in topics:
        row = [f"**{printed.topic_title(topic, language)}**"]
        for place in found.places:
            said = []
            for each in found.asked[place]:
                if each.rule.topic == topic:
                    gates = "; ".join(g.cited.citation.said(language) for g in each.gateways)
                    cited = each.rule.cited
                    opened = f"<br>*{gates}*" if gates else ""
                    said.append(
                        f"{cited.citation.said(language)}: {cited.text.said(language)}{opened}"
                    )
            row.append("<br>".join(said) or "–")
        lines.append(f"| {' | '.join(_cell(each) for each in row)} |")
    return lines


def _pairs_table(found: Comparison, language: Language) -> list[str]:
    lines = ["| from \\ to | " + " | ".join(found.places) + " |"]
    lines.append("|---" * (len(found.places) + 1) + "|")
    by_ends = {(pair.sender, pair.recipient): pair for pair in found.pairs}
    for sender in found.places:
        row = [f"**{sender}**"]
        for recipient in found.places:
            pair = by_ends.get((sender, recipient))
            if pair is None:
                row.append("")
            elif pair.decision.allowed:
                row.append("passes")
            else:
                rules = ", ".join(r.citation.said(language) for r in pair.decision.determining)
                opening = cheapest(pair)
                steps = [c.ask.said(language) for c in opening.changes] if opening else []
                row.append(f"{rules}<br>*{'; '.join(steps)}*")
        lines.append(f"| {' | '.join(_cell(each) for each in row)} |")
    return lines


def comparison_part(found: Comparison, language: Language) -> str:
    """A comparison as the manual shows it."""
    common = printed.common_lines(found, language)
    lines = [f"{found.template.about.said(language)}", ""]
    lines += _laws_table(found, language)
    lines += ["", "From each place to each other, as things stand (what closes the way, and *the"]
    lines += ["cheapest way to open it* that people can bring about):", ""]
    lines += _pairs_table(found, language)
    lines += ["", "The smallest common set of safeguards that satisfies every pair:", ""]
    lines += [f"{number}. {line}" for number, line in enumerate(common, 1)]
    if found.statistics_pass:
        lines += ["", printed.statistics_line(language)]
    return "\n".join(lines) + "\n"


def with_computed(text: str, name: str, part: str) -> str:
    """A page with the part between the marks of a name replaced."""
    begin = BEGIN.format(name=name)
    before, found, rest = text.partition(begin)
    if not found:
        return text
    _, _, after = rest.partition(END)
    return f"{before}{begin}\n\n{part}\n{END}{after}"


def pages(packs: Packs) -> dict[str, str]:
    """The reference pages by file name."""
    found = {"facts.md": facts_page(packs)}
    for code, pack in packs.packs.items():
        found[f"{code}.md"] = printed_pack.as_markdown(pack, packs, Language.EN)
        found[f"{code}.ja.md"] = printed_pack.as_markdown(pack, packs, Language.JA)
    return found


def explanation(text: str, packs: Packs) -> str:
    """The page on common rules with its comparisons computed anew."""
    for name in template_names():
        part = comparison_part(compare(PLACES, name, packs, DAY), Language.EN)
        text = with_computed(text, name, part)
    return text


def main(folder: Path) -> None:
    """Write the pages into a folder, and the comparisons into the page that explains them."""
    packs = installed()
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages(packs).items():
        (folder / name).write_text(text, encoding="utf-8")
    page = folder.parents[1] / "explanation" / "common-rules.md"
    if page.is_file():
        page.write_text(explanation(page.read_text(encoding="utf-8"), packs), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
