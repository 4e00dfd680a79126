"""The exchange's form with real and generated submissions, and a form with every kind of question."""

from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

from hypothesis import strategies as st

from sekisho.formats.markdown import read_markdown
from sekisho.lanes.open.read_answers import read_answers
from sekisho.lanes.open.template import answers_of_document
from sekisho.model.form import Form, Option, Question, QuestionKind, Section
from sekisho.model.programme import Programme
from sekisho.model.submission import Answers
from sekisho.model.text import Text
from sekisho.programmes.read import read_programme

FOLDER = Path(__file__).resolve().parents[2] / "programmes" / "policy-exchange"
JAPAN_MD = FOLDER / "sample" / "japan.md"
JAPAN_JSON = FOLDER / "sample" / "japan.json"
ON = date(2020, 6, 23)


@cache
def programme() -> Programme:
    return read_programme(FOLDER)


def form() -> Form:
    return programme().forms[0]


@cache
def japan() -> Answers:
    """Japan's own submission."""
    given = answers_of_document(form(), read_markdown(JAPAN_MD.read_bytes())).given
    return sound(form(), given)


def sound(asked: Form, given: object) -> Answers:
    answers, faults = read_answers(asked, given)
    assert [each.sentence() for each in faults] == []
    return answers


def _both(text: str) -> Text:
    return Text(text, f"{text}（日本語）")


def _options(*ids: str) -> tuple[Option, ...]:
    return tuple(Option(each, _both(f"Option {each}")) for each in ids)


def every_kind() -> Form:
    """A form that asks everything that a form can ask."""
    columns = (
        Question("what", QuestionKind.TEXT, _both("What"), most=100_000, lines=5),
        Question("kind", QuestionKind.CHOICE, _both("Kind"), options=_options("one", "two")),
        Question("marks", QuestionKind.SEVERAL, _both("Marks"), options=_options("a", "b", "c")),
        Question("cost", QuestionKind.MONEY, _both("Cost"), decimals=2),
        Question("yen", QuestionKind.MONEY, _both("Yen"), currency="JPY"),
        Question("since", QuestionKind.DATE, _both("Since")),
        Question("share", QuestionKind.NUMBER, _both("Share"), decimals=9),
        Question("both", QuestionKind.TEXT, _both("Both"), both_languages=True, lines=3),
    )
    singles = tuple(
        Question(
            f"one_{each.id}",
            each.kind,
            each.title,
            options=each.options,
            currency=each.currency,
            decimals=each.decimals,
            most=each.most,
            both_languages=each.both_languages,
            lines=each.lines,
        )
        for each in columns
    )
    table = Question("many", QuestionKind.TABLE, _both("Many"), columns=columns, most=200)
    sections = (
        Section("first", _both("First"), _both("Help for the first"), singles),
        Section("second", _both("Second"), None, (table,)),
    )
    return Form("every-kind", 3, _both("Every kind"), _both("Asks everything"), sections)


# What breaks formats: signs of formulas, markup and fields, whole words of other formats, scripts
# without spaces, signs beyond 16 bits, lines that look like labels of the template.
PIECES = st.sampled_from(
    [
        '=HYPERLINK("https://attacker.example")', "+1", "-1", "@SUM(A1)", "\t", "\n", " ", "_x0041_",
        "_x005F_", "<script>alert(1)</script>", "&amp;", "]]>", "{ HYPERLINK }", "# a", "| b |", "**c**",
        "医療", "通信の雇用", "สุขภาพ", "한국어", "العربية", "😀", "\u200d", "\u3000", "\u00a0", "é", "ﬁ",
        "Reference: x", "Actual/expected outcome. Ongoing, N/A", "Ongoing, N/A", "a. Business",
        "(left empty by Japan)", "Ongoing", "ii", "x", "TRUE", "0012", "1e5", "2020-06-23", "'", "''=",
    ]
)  # fmt: skip
WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Zl", "Zp", "Co", "Cn"))
)
TEXTS = st.lists(st.one_of(PIECES, WORDS), max_size=6).map("".join)


def of_kind(question: Question) -> st.SearchStrategy[object]:
    kind = question.kind
    ids = [option.id for option in question.options]
    line = TEXTS.map(lambda text: text if question.lines > 1 else text.replace("\n", " "))
    exact = st.decimals(-(10**6), 10**6, places=question.decimals, allow_nan=False)
    return {
        QuestionKind.TEXT: st.fixed_dictionaries({"en": line, "ja": line})
        if question.both_languages
        else line,
        QuestionKind.CHOICE: st.sampled_from(ids) if ids else st.just(""),
        QuestionKind.SEVERAL: st.lists(st.sampled_from(ids), unique=True) if ids else st.just([]),
        QuestionKind.MONEY: st.fixed_dictionaries(
            {"amount": exact, "currency": st.just(question.currency or "USD")}
        ),
        QuestionKind.DATE: st.dates(date(1800, 1, 1), date(2200, 1, 1)),
        QuestionKind.NUMBER: st.one_of(exact, st.just(Decimal(123456789012345678))),
        QuestionKind.TABLE: st.lists(
            st.fixed_dictionaries({}, optional={c.id: of_kind(c) for c in question.columns}),
            max_size=4,
        ),
    }[kind]


def given_answers(asked: Form) -> st.SearchStrategy[dict[str, object]]:
    """Answers as they come from outside, to any form."""
    return st.fixed_dictionaries({}, optional={q.id: of_kind(q) for q in asked.questions})


MEMBERS = {
    "jpn": ("Japan", "日本", "JP"),
    "usa": ("United States", "米国", "US"),
    "can": ("Canada", "カナダ", "CA"),
}
NAME = "policy-exchange"


def exchange_node(folder: Path):
    """A node of the steering group with the exchange and three economies, an officer each."""
    from sekisho.model.actor import Actor, Participant
    from sekisho.node import init
    from sekisho.terms import ParticipantKind, Role

    group = Text("Steering group", "運営グループ")
    owner = Participant("demo-steering-group", group, ParticipantKind.INTERNATIONAL_BODY, "XX")
    node = init(folder / "node", owner)
    node.add_programme(FOLDER)
    for id_, (en, ja, country) in MEMBERS.items():
        node.add_participant(Participant(id_, Text(en, ja), ParticipantKind.PUBLIC_BODY, country))
        node.add_actor(Actor(f"{id_}-officer", id_, frozenset({Role.DATA_USER})))
    return node


def submit(node, economy: str, given: dict[str, object] | bytes) -> str:
    """An economy submits answers, or a filled file; the reference."""
    officer = node.as_(f"{economy}-officer")
    if isinstance(given, bytes):
        officer.documents.fill(NAME, "report", given)
    else:
        officer.forms.fill(NAME, "report", given)
    return officer.forms.submit(NAME, "report").submission.reference
