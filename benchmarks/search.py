"""Search over 50,000 submissions beside a bare FTS5 query; comparison; files in and out.

    python benchmarks/search.py [--submissions 50000] [--rounds 30]

The bare query is FTS5 as its manual shows it, over the same texts in the same kind of file: the
tokenizer `unicode61` for English and `trigram` for Japanese, the 20 best by rank, read through the
standard library. It asks nobody whether he may see what it finds, and reads no submission. Ours
asks, reads the submissions that it found and makes values of them.
"""

import argparse
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sekisho.formats.docx import read_docx, write_docx
from sekisho.formats.pdf import write_pdf
from sekisho.formats.xlsx import read_xlsx, write_xlsx
from sekisho.lanes.open.compare import compare, comparison_book, comparison_document
from sekisho.lanes.open.finding import searched_text
from sekisho.lanes.open.papers import Head, paper_of
from sekisho.lanes.open.template import answers_of_document
from sekisho.lanes.open.workbooks import answers_of_book, book_of
from sekisho.model.submission import Answers, Submission
from sekisho.model.text import Text
from sekisho.model.words import wanted
from sekisho.ports.search import Reach
from sekisho.programmes.lookup_rows import lookup_rows
from sekisho.stores import form_rows, log_rows
from sekisho.stores.sql import SqlStore, open_store
from sekisho.terms import Language
from tests.lib.exchange import FOLDER, NAME, ON, form, japan, programme
from tests.lib.forms_submissions import submission
from tests.lib.stores import entry, participant

NOUNS = """医療 通信 雇用 教育 中小企業 電子商取引 在宅勤務 感染症 個人情報 病院
学校 自治体 事業者 統計 補助金""".split()  # noqa: SIM905 - reads as what it is
VERBS = "を支援する。 を促進する。 の基準を定めた。 と連携して進める。 の指針を公表した。".split()  # noqa: SIM905
QUERIES = [
    ("common English", "measures", "measures"),
    ("rare English", "ventilators", "ventilators"),
    ("two words", "border screening", "border AND screening"),
    ("phrase", '"social distancing"', '"social distancing"'),
    ("Japanese, 2", "医療", "医療"),
    ("Japanese, 2", "通信", "通信"),
    ("Japanese, 2", "雇用", "雇用"),
    ("Japanese, 4", "中小企業", "中小企業"),
    ("both", "telework 医療", "telework AND 医療"),
    ("nowhere", "zzzznowhere", "zzzznowhere"),
]


def pieces() -> list[str]:
    lookup = next(each for each in programme().lookups if each.timeline is not None)
    rows, _ = lookup_rows(lookup, (FOLDER / lookup.file).read_text("utf-8"))
    return [f"{row['topic']}: {row['measure']}. {row['detail']} {row['further']}" for row in rows]


def answers_from(chance: random.Random, english: list[str]) -> Answers:
    def row() -> dict[str, str]:
        nouns = "".join(f"{chance.choice(NOUNS)}{chance.choice(VERBS)}" for _ in range(4))
        text = " ".join(chance.sample(english, 3)) + "\n" + nouns
        if chance.random() < 0.02:
            text += " Teleworking at home."
        return {"title": chance.choice(english)[:200], "intervention": text, "status": "ongoing"}

    return {each: tuple(row() for _ in range(2)) for each in chance.sample("abcde", 2)}


def filled_store(folder: Path, count: int, texts: list[str]) -> SqlStore:
    """A store with that many submissions, and their texts."""
    chance, english = random.Random(7), pieces()
    first = submission("PE-0", programme=NAME, form="report", participant="jpn")
    store = open_store(f"sqlite:///{folder / 'store.sqlite'}", create=True)
    store.add_participant(replace(participant(), id="jpn"), entry())
    with store._change() as connection:  # noqa: SLF001 - in one go: it is not what is measured
        for number in range(count):
            name, answers = f"PE-{number:012}", answers_from(chance, english)
            made = replace(first, id=f"{name}.r1", reference=name, answers=answers)
            texts.append(searched_text(form(), made.answers))
            form_rows.insert_submission(
                connection, made, None, log_rows.append(connection, entry())
            )
    return store


def bare(folder: Path, texts: list[str]) -> tuple[sqlite3.Connection, float]:
    """The same texts under FTS5 alone."""
    began = time.perf_counter()
    file = sqlite3.connect(folder / "bare.sqlite")
    file.execute("PRAGMA journal_mode=WAL")
    for name, tokenizer in (("words", "unicode61"), ("trigrams", "trigram")):
        file.execute(f"CREATE VIRTUAL TABLE {name} USING fts5(said, tokenize='{tokenizer}')")
        file.executemany(f"INSERT INTO {name} (said) VALUES (?)", ((text,) for text in texts))
    file.commit()
    return file, time.perf_counter() - began


def median_ms(call: Callable[[], object], rounds: int) -> float:
    call()
    spans = []
    for _ in range(rounds):
        began = time.perf_counter()
        call()
        spans.append(time.perf_counter() - began)
    return 1000 * statistics.median(spans)


def search(count: int, rounds: int) -> None:
    folder = Path(tempfile.mkdtemp(prefix="sekisho-search-"))
    texts: list[str] = []
    store = filled_store(folder, count, texts)
    file, bare_s = bare(folder, texts)
    began = time.perf_counter()
    store.search.catch_up(lambda made: searched_text(form(), made.answers))
    ours_s = time.perf_counter() - began
    mean = statistics.mean(map(len, texts))
    print(f"{count:,} submissions, {mean:,.0f} characters each; SQLite {sqlite3.sqlite_version}")
    print(f"index made: ours {ours_s:.1f} s, bare (two tokenizers) {bare_s:.1f} s")
    print(f"{'query':<34}{'bare ms':>9}{'found':>9}{'ours ms':>9}{'found':>7}{'ratio':>7}")
    reach, worst = Reach(frozenset({(NAME, "report")}), ""), 0.0
    for kind, query, plain in QUERIES:
        table = "words" if query.isascii() else "trigrams"
        asked = f"SELECT rowid FROM {table} WHERE {table} MATCH ? ORDER BY rank LIMIT 20"
        hits = f"SELECT count(*) FROM {table} WHERE {table} MATCH ?"
        there = file.execute(hits, (plain,)).fetchone()[0]
        base = median_ms(lambda a=asked, p=plain: file.execute(a, (p,)).fetchall(), rounds)
        find = lambda q=query: store.search.find(wanted(q), reach, None, 20, None)  # noqa: E731
        ours, found = median_ms(find, rounds), len(find())
        ratio = ours / base
        worst = max(worst, ratio if there > 100 else 0.0)
        print(
            f"{kind + ': ' + query:<34}{base:>9.2f}{there:>9,}{ours:>9.2f}{found:>7}{ratio:>7.2f}"
        )
    print(f"worst ratio where a bare query finds more than 100: {worst:.2f} (limit 2)")
    little = Reach(frozenset(), "nobody")
    hidden = median_ms(
        lambda: store.search.find(wanted("measures"), little, None, 20, None), rounds
    )
    print(f"the commonest word for somebody who may see nothing: {hidden:.2f} ms, nothing found")
    store.close()


def documents(rounds: int) -> None:
    english, chance = pieces(), random.Random(3)
    economies = form().who.participants
    made: list[Submission] = []
    for number, each in enumerate(economies):
        one = submission(f"PE-{number:012}", programme=NAME, form="report", participant=each)
        made.append(replace(one, answers=answers_from(chance, english)))
    entrants = [(each, Text(each, each)) for each in economies]

    def compared() -> object:
        return compare(form(), entrants, made, Language.EN)

    print(f"comparison of {len(economies)} economies: {median_ms(compared, rounds):.1f} ms")
    whole = compare(form(), entrants, made, Language.EN)
    few = max(rounds // 5, 3)
    paper = paper_of(form(), japan(), Head(ON), Language.EN)
    book = book_of(form(), japan(), ON, Language.EN)
    docx, xlsx = write_docx(paper), write_xlsx(book)
    calls = {
        "comparison as DOCX": lambda: write_docx(comparison_document(whole, ON)),
        "comparison as XLSX": lambda: write_xlsx(comparison_book(whole, ON)),
        "comparison as PDF": lambda: write_pdf(comparison_document(whole, ON)),
        "export of a report as DOCX": lambda: write_docx(paper),
        "export of a report as XLSX": lambda: write_xlsx(book),
        "export of a report as PDF": lambda: write_pdf(paper),
        "import of a report as DOCX": lambda: answers_of_document(form(), read_docx(docx)),
        "import of a report as XLSX": lambda: answers_of_book(form(), read_xlsx(xlsx)),
    }
    for name, call in calls.items():
        print(f"{name}: {median_ms(call, few):.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=30)
    asked = parser.parse_args()
    search(asked.submissions, asked.rounds)
    documents(asked.rounds)


if __name__ == "__main__":
    main()
