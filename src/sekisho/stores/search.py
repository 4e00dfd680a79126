"""Search over submissions, behind the SearchStore port: FTS5 in SQLite, tsvector in PostgreSQL.

The index holds words alone and is derived: it lies beside the schema, is made when somebody first
searches, catches up with the log before each search, and may be dropped at any time. Whether a
submission counts, and who may see it, is read from the submissions themselves in the same query.
Neither database splits the text: words come from `model.words`, so both find the same.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import cache

from sqlalchemy import BindParameter, Connection, TextClause, bindparam, inspect, select, text

from sekisho.model.submission import Submission, SubmissionState
from sekisho.model.words import Term, Wanted, runs_of, words_of
from sekisho.ports.search import Reach
from sekisho.stores import log_rows
from sekisho.stores.form_codec import read_submission
from sekisho.stores.form_tables import submissions
from sekisho.stores.records import Transactions

_AT_ONCE = 1_000
"""Submissions that are taken in by one transaction; others write between two."""
_MOST_LEXEMES = 60_000
"""Different words of one submission that PostgreSQL is given: its tsvector holds 1 MiB."""
_COUNTS = (SubmissionState.RECEIVED.value, SubmissionState.OPENED.value)

_SQLITE = (
    (
        "CREATE VIRTUAL TABLE IF NOT EXISTS search_words USING fts5(words, content='',"
        " columnsize=0, tokenize=\"unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Co'\")"
    ),
    "CREATE TABLE IF NOT EXISTS search_state (next_index BIGINT NOT NULL)",
)
_POSTGRES = (
    (
        "CREATE TABLE IF NOT EXISTS search_words (entry_index BIGINT PRIMARY KEY,"
        " words TSVECTOR NOT NULL, runs TEXT NOT NULL)"
    ),
    "CREATE INDEX IF NOT EXISTS ix_search_words ON search_words USING gin (words)",
    "CREATE TABLE IF NOT EXISTS search_state (next_index BIGINT NOT NULL)",
)
_CURRENT = "SELECT count(*) FROM search_state s JOIN log_counter c ON c.next_index = s.next_index"
_SEEN = (
    "s.state IN :counts AND ((:opened AND s.opened_at IS NOT NULL) OR s.participant = :own"
    " OR (s.programme || '/' || s.form) IN :whole)"
)


class SqlSearch:
    """The words of submissions of one store; a store hands it out."""

    def __init__(
        self, change: Transactions, look: Callable[[], AbstractContextManager[Connection]]
    ) -> None:
        self._changing = change
        self._look = look
        self._is_made = False

    def find(
        self, asked: Wanted, reach: Reach, programme: str | None, most: int, before: int | None
    ) -> list[Submission]:
        """Submissions that count and hold every term, newest first; nothing without a term."""
        if not asked.terms:
            return []
        with self._look() as connection:
            postgres = connection.dialect.name == "postgresql"
            how, values = _in_postgres(asked) if postgres else _in_sqlite(asked)
            limits = "" if before is None else f" AND {_index(postgres)} < :before"
            limits += "" if programme is None else " AND s.programme = :programme"
            given = {
                **values,
                "counts": _COUNTS,
                "opened": reach.opened,
                "own": reach.own,
                "whole": [f"{one}/{form}" for one, form in sorted(reach.whole)] or ["/"],
                "most": most,
                **({} if before is None else {"before": before}),
                **({} if programme is None else {"programme": programme}),
            }
            if not reach.whole and not _sees_any(connection, given):
                return []
            rows = connection.execute(_asked(f"{how} AND {_SEEN}{limits}", _index(postgres)), given)
            return [read_submission(row) for row in rows]

    def catch_up(self, text_of: Callable[[Submission], str]) -> int:
        """Take in the words of submissions that the log has and the index has not; how many."""
        if self._is_current():
            return 0
        taken = 0
        while True:
            with self._changing() as connection:
                log_rows.lock(connection)
                count = _take_in(connection, text_of)
            taken += count
            if count < _AT_ONCE:
                return taken

    def _is_current(self) -> bool:
        with self._look() as connection:
            if not self._is_made and not inspect(connection).has_table("search_state"):
                return False
            self._is_made = True
            return bool(connection.execute(text(_CURRENT)).scalar_one() == 1)


def _index(postgres: bool) -> str:  # noqa: FBT001 - from within
    return "w.entry_index" if postgres else "w.rowid"


def _in_sqlite(asked: Wanted) -> tuple[str, dict[str, str]]:
    return "search_words MATCH :words", {"words": " AND ".join(_fts5(term) for term in asked.terms)}


def _fts5(term: Term) -> str:
    """A term as FTS5 reads it; words hold letters and digits alone, so nothing ends the quotes."""
    return f'"{" ".join(term.words)}"{" *" if term.is_beginning else ""}'


def _in_postgres(asked: Wanted) -> tuple[str, dict[str, str]]:
    """Every word by the index; that they stand beside each other by the text."""
    words = [
        f"'{word}'{':*' if term.is_beginning and word is term.words[-1] else ''}"
        for term in asked.terms
        for word in term.words
    ]
    values = {"words": " & ".join(words)}
    how = "w.words @@ CAST(:words AS tsquery)"
    for number, term in enumerate(each for each in asked.terms if len(each.words) > 1):
        how += f" AND strpos(w.runs, :said{number}) > 0"
        values[f"said{number}"] = term.said
    return how, values


def _take_in(connection: Connection, text_of: Callable[[Submission], str]) -> int:
    """Take in the next submissions; the state moves with them, or nothing changed."""
    postgres = connection.dialect.name == "postgresql"
    for statement in _POSTGRES if postgres else _SQLITE:
        connection.execute(text(statement))
    since = connection.execute(text("SELECT max(next_index) FROM search_state")).scalar() or 0
    asked = (
        select(submissions)
        .where(submissions.c.entry_index >= since)
        .order_by(submissions.c.entry_index)
        .limit(_AT_ONCE)
    )
    found = [read_submission(row) for row in connection.execute(asked)]
    rows = [_row(each, text_of(each), postgres) for each in found]
    if rows:
        connection.execute(text(_insert(postgres)), rows)
    if len(found) < _AT_ONCE:
        through = connection.execute(text("SELECT next_index FROM log_counter")).scalar_one()
    else:
        through = (found[-1].entry_index or 0) + 1
    connection.execute(text("DELETE FROM search_state"))
    connection.execute(text("INSERT INTO search_state VALUES (:through)"), {"through": through})
    return len(found)


def _insert(postgres: bool) -> str:  # noqa: FBT001 - from within
    if postgres:
        return (
            "INSERT INTO search_words VALUES (:at, CAST(:words AS tsvector), :runs)"
            " ON CONFLICT DO NOTHING"
        )
    return "INSERT INTO search_words (rowid, words) VALUES (:at, :words)"


def _row(submission: Submission, said: str, postgres: bool) -> dict[str, object]:  # noqa: FBT001 - from within
    words = list(words_of(said))
    if not postgres:
        return {"at": submission.entry_index, "words": " ".join(words)}
    lexemes = list(dict.fromkeys(words))[:_MOST_LEXEMES]
    quoted = " ".join(f"'{word}'" for word in lexemes)
    return {"at": submission.entry_index, "words": quoted, "runs": runs_of(said)}


def _sees_any(connection: Connection, given: Mapping[str, object]) -> bool:
    """Whether there is anything at all that the actor may be shown.

    Where there is nothing the index is not asked: how long it took would tell how often a word
    stands in what others wrote.
    """
    lists: list[BindParameter[object]] = [
        bindparam(name, expanding=True) for name in ("counts", "whole")
    ]
    asked = text(f"SELECT 1 FROM submissions s WHERE {_SEEN} LIMIT 1").bindparams(*lists)  # noqa: S608 - as above
    seen = {name: given[name] for name in ("counts", "opened", "own", "whole")}
    return connection.execute(asked, seen).first() is not None


@cache
def _asked(where: str, index: str) -> TextClause:
    """The query of a shape; of each shape there is one, whatever is searched."""
    lists: list[BindParameter[object]] = [
        bindparam(name, expanding=True) for name in ("counts", "whole")
    ]
    return text(
        "SELECT s.id, s.state, s.opened_at, s.body, s.entry_index"  # noqa: S608 - values are bound
        f" FROM search_words w JOIN submissions s ON s.entry_index = {index}"
        f" WHERE {where} ORDER BY {index} DESC LIMIT :most"
    ).bindparams(*lists)
