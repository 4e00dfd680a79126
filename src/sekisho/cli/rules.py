"""`sekisho rules` and `sekisho decide`: law packs, comparisons, and a question to the rules."""

import functools
import json
import sys
import tomllib
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sekisho.cli.options import Speaker, common, language_of_environment
from sekisho.errors import ProgrammeError, UsageError, fault, raise_all
from sekisho.text import sentence

if TYPE_CHECKING:
    from sekisho.model.access_rule import AccessRule
    from sekisho.model.decision import Decision
    from sekisho.model.document import Document
    from sekisho.model.facts import Facts
    from sekisho.rules.packs import Packs

FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)
FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


def _help(name: str) -> str:
    return sentence(f"rules.help-{name}", {}, language_of_environment())


def _packs(more: tuple[Path, ...]) -> "Packs":
    from sekisho.rules.packs import installed

    return installed(*more)


def _write(speaker: Speaker, target: Path | None, whole: str, lines: list[str]) -> None:
    """A document to a file, or lines to the terminal."""
    if target is None:
        for line in lines:
            speaker.line(line)
        return
    target.write_text(whole, encoding="utf-8", newline="")
    speaker.line(str(target))


def _write_pdf(speaker: Speaker, target: Path, document: "Document") -> None:
    from sekisho.formats.pdf import write_pdf

    target.write_bytes(write_pdf(document))
    speaker.line(str(target))


def _day(given: datetime | None) -> date:
    return given.date() if given else datetime.now(UTC).date()


def _shared(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `--packs` and `--on`."""

    @click.option("--packs", "more", type=FOLDER, multiple=True, help=_help("packs"))
    @click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help=_help("on"))
    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return command(*args, **kwargs)

    return wrapped


@click.group(help=_help("group"))
def rules() -> None:
    """Law packs."""


@rules.command(help=_help("show"))
@click.argument("jurisdiction")
@click.option("--html", "page", type=click.Path(path_type=Path), help=_help("html"))
@click.option("--pdf", "paper", type=click.Path(path_type=Path), help=_help("pdf"))
@click.option("--packs", "more", type=FOLDER, multiple=True, help=_help("packs"))
@common
def show(
    speaker: Speaker,
    jurisdiction: str,
    page: Path | None,
    paper: Path | None,
    more: tuple[Path, ...],
) -> None:
    """A pack as a two-column document."""
    from sekisho.rules.printed import pack as printed

    packs = _packs(more)
    found = packs.pack_of(jurisdiction)
    if found is None:
        raise UsageError(fault("rules.no-pack", jurisdiction=jurisdiction))
    if page:
        _write(speaker, page, printed.as_html(found, packs, speaker.language), [])
    if paper:
        _write_pdf(speaker, paper, printed.document_of(found, packs, speaker.language))
    if not (page or paper):
        _write(speaker, None, "", printed.as_lines(found, packs, speaker.language))
    speaker.answer(printed.as_document(found, speaker.language))


@rules.command(help=_help("check"))
@click.argument("folder", type=FOLDER, required=False)
@click.option("--earlier", type=FOLDER, help=_help("earlier"))
@common
def check(speaker: Speaker, folder: Path | None, earlier: Path | None) -> None:
    """Look at packs as a reviewer would; every fault at once."""
    from sekisho.rules.lint import check_not_laxer, check_packs
    from sekisho.rules.packs import read_packs, shipped_folder

    packs = read_packs(folder or shipped_folder())
    found = check_packs(packs)
    if earlier is not None:
        found += check_not_laxer(packs, read_packs(earlier), datetime.now(UTC).date())
    raise_all(ProgrammeError, found)
    counts = {
        "packs": len(packs.packs),
        "rules": sum(len(pack.rules) for pack in packs.packs.values()),
        "examples": sum(len(pack.examples) for pack in packs.packs.values()),
    }
    speaker.line(sentence("rules.checked-none", counts, speaker.language))
    speaker.answer({**counts, "digest": packs.digest, "faults": []})


@rules.command(help=_help("redecide"))
@click.argument("node", type=click.Path(path_type=Path))
@click.option("--programme", help=_help("redecide-programme"))
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help=_help("on"))
@common
def redecide(speaker: Speaker, node: Path, programme: str | None, day: datetime | None) -> int:
    """Open permissions of a node that would be refused today."""
    import sekisho
    from sekisho.errors import Refused
    from sekisho.present.duties import lapsed_about
    from sekisho.rules.explain import explain

    with sekisho.open(node, actor=speaker.actor) as opened:
        found = opened.duties.redecide(programme, day.date() if day else None)
    for each in found:
        why = sentence(
            f"duties.redecide-{'rules' if each.rules_changed else 'facts'}", {}, speaker.language
        )
        fields = {"flow": each.permission.id, "why": why}
        speaker.line(sentence("duties.redecide-line", fields, speaker.language))
        for line in explain(each.decision, speaker.language):
            speaker.line(f"    {line}" if line else "")
    if not found:
        speaker.line(sentence("duties.redecide-none", {}, speaker.language))
    speaker.answer({"lapsed": [lapsed_about(each, speaker.language) for each in found]})
    return Refused.exit_code if found else 0


@rules.command(help=_help("compare"))
@click.argument("places", nargs=-1, required=True)
@click.option("--flow", required=True, help=_help("flow"))
@click.option("--html", "page", type=click.Path(path_type=Path), help=_help("html"))
@click.option("--pdf", "paper", type=click.Path(path_type=Path), help=_help("pdf"))
@click.option("--csv", "table", type=click.Path(path_type=Path), help=_help("csv"))
@_shared
@common
def compare(speaker: Speaker, places: tuple[str, ...], flow: str, **options: Any) -> None:
    """The same flow under several laws, side by side."""
    from sekisho.rules import compare as comparing
    from sekisho.rules.printed import comparison as printed

    packs = _packs(options["more"])
    found = comparing.compare(places, flow, packs, _day(options["day"]))
    page, paper, table = options["page"], options["paper"], options["table"]
    if page:
        _write(speaker, page, printed.as_html(found, speaker.language), [])
    if table:
        _write(speaker, table, printed.as_csv(found, speaker.language), [])
    if paper:
        _write_pdf(speaker, paper, printed.document_of(found, speaker.language))
    if not (page or paper or table):
        _write(speaker, None, "", printed.as_lines(found, speaker.language))
    speaker.answer(printed.as_document(found, speaker.language))


def _read(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    text = file.read_text(encoding="utf-8")
    try:
        found = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except ValueError as error:
        raise UsageError(fault("rules.not-toml", why=str(error))) from error
    return dict(found) if isinstance(found, Mapping) else {}


def _put(table: dict[str, Any], path: str, value: object) -> None:
    if value is None or value == ():
        return
    group, dot, name = path.partition(".")
    if dot:
        table[group] = {**table.get(group, {}), name: value}
    else:
        table[path] = value


def _from_flags(table: dict[str, Any], flags: Mapping[str, Any]) -> dict[str, Any]:
    """The facts file with what the flags add."""
    _put(table, "sender.jurisdiction", flags["sender_place"])
    _put(table, "sender.kind", flags["sender_kind"])
    _put(table, "recipient.jurisdiction", flags["recipient_place"])
    _put(table, "recipient.kind", flags["recipient_kind"])
    _put(table, "data.identifiability", flags["identifiability"])
    _put(table, "data.categories", list(flags["category"]) or None)
    _put(table, "data.persons", flags["persons"])
    _put(table, "purpose", flags["purpose"])
    _put(table, "lane", flags["lane"])
    stated = {**dict.fromkeys(flags["is_so"], True), **dict.fromkeys(flags["not_so"], False)}
    if stated:
        table["on_file"] = {**table.get("on_file", {}), **stated}
    return table


def _programme_rules(files: tuple[Path, ...]) -> "tuple[AccessRule, ...]":
    from sekisho.model.access_rule import split_rules
    from sekisho.rules.lint import LAW_ALONE

    if not files:
        return LAW_ALONE
    found = [split_rules(str(file), file.read_text(encoding="utf-8")) for file in files]
    return tuple(rule for each in found for rule in each)


def _ask(
    facts: "Facts", judge: "Callable[[Facts], Decision]", packs: "Packs", speaker: Speaker
) -> "Decision":
    """Ask for facts until the flow is allowed or no unknown fact could change the answer."""
    from sekisho.rules.asking import answered, next_question

    asked: set[str] = set()
    decision = judge(facts)
    while question := next_question(facts, decision, packs, frozenset(asked)):
        asked.add(question.path)
        choices = ", ".join(question.choices) or "JP, EU, KR, US, …"
        fields = {"title": question.title.said(speaker.language), "choices": choices}
        words = sentence("rules.ask", fields, speaker.language)
        facts = answered(facts, question, str(click.prompt(words, default="", show_default=False)))
        decision = judge(facts)
    return decision


@click.command(help=_help("decide"))
@click.option("--facts", "file", type=FILE, help=_help("facts"))
@click.option("--from", "sender_place", help=_help("from"))
@click.option("--to", "recipient_place", help=_help("to"))
@click.option("--sender", "sender_kind", help=_help("sender"))
@click.option("--recipient", "recipient_kind", help=_help("recipient"))
@click.option("--data", "identifiability", help=_help("data"))
@click.option("--category", multiple=True, help=_help("category"))
@click.option("--persons", type=int, help=_help("persons"))
@click.option("--purpose", help=_help("purpose"))
@click.option("--lane", help=_help("lane"))
@click.option("--so", "is_so", multiple=True, metavar="FACT", help=_help("so"))
@click.option("--not-so", "not_so", multiple=True, metavar="FACT", help=_help("not-so"))
@click.option("--rules", "rule_files", type=FILE, multiple=True, help=_help("rules"))
@click.option("--ask/--no-ask", "asks", default=None, help=_help("ask"))
@_shared
@common
def decide(speaker: Speaker, **flags: Any) -> int:
    """Whether a flow may pass, by which article, and what would open the way."""
    from sekisho.errors import Refused
    from sekisho.rules.decide import decide as judge
    from sekisho.rules.explain import as_document, explain
    from sekisho.rules.facts_file import read_facts

    packs = _packs(flags["more"])
    table = _from_flags(_read(flags["file"]), flags)
    facts = read_facts(table, packs, str(flags["file"] or "facts"))
    own, day = _programme_rules(flags["rule_files"]), _day(flags["day"])
    asks = flags["asks"] if flags["asks"] is not None else sys.stdin.isatty()
    if asks and not speaker.as_json:
        decision = _ask(facts, lambda known: judge(known, own, packs, day), packs, speaker)
    else:
        decision = judge(facts, own, packs, day)
    for line in explain(decision, speaker.language):
        speaker.line(line)
    speaker.answer(as_document(decision, speaker.language))
    return 0 if decision.allowed else Refused.exit_code
