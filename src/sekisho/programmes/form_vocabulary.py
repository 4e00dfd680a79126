"""What `forms/*.toml` may hold: questions in sections, checks, who answers and until when."""

from sekisho.model.form import Comparison, QuestionKind, Visible
from sekisho.programmes.form_layout import LAYOUT_KEYS
from sekisho.programmes.keys import HEAD, Key, Kind, required

MOST_CHARACTERS = 100_000
MOST_ROWS = 2_000
MOST_BYTES = 50 * 1024 * 1024

FILE_TYPES = {
    "application/pdf": ".pdf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "text/plain": ".txt",
    "text/csv": ".csv",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}
"""Media types that a file may have, with the suffix that its name gets."""

_OPTION = (
    required("id", Kind.ID, "what is kept when it is chosen"),
    required("title", Kind.BOTH, "what people read"),
    Key("value", Kind.STRING, "what stands in the dataset for it", default="the id"),
)

_CONDITION = (
    required("question", Kind.NAME, "a question that stands before this one"),
    required("op", Kind.CHOICE, "how its answer is compared", choices=tuple(Comparison)),
    Key("value", Kind.SCALAR, "an option's id, a number or a day; not with `answered`"),
)


_OF_ANY = (
    Key("help", Kind.BOTH, "what helps to answer"),
    Key("required", Kind.BOOLEAN, "whether a submission must answer it", default="false"),
    Key(
        "options",
        Kind.TABLES,
        "with `choice` and `several`: the answers to choose from",
        keys=_OPTION,
        least=1,
        most=500,
    ),
    Key("unit", Kind.BOTH, "with `number`: such as hours a week"),
    Key("currency", Kind.STRING, "with `money`: ISO 4217; else the answer names its own"),
    Key("minimum", Kind.SCALAR, "with `number`, `money`, `date`: least value"),
    Key("maximum", Kind.SCALAR, "with `number`, `money`, `date`: greatest value"),
    Key(
        "decimals",
        Kind.INTEGER,
        "with `number` and `money`: digits after the point",
        most=9,
        default="0",
    ),
    Key(
        "most",
        Kind.INTEGER,
        f"characters of a text (10000, at most {MOST_CHARACTERS}), rows of a table (200, at "
        f"most {MOST_ROWS}), bytes of a file (10 MiB, at most {MOST_BYTES // 1024**2} MiB)",
        least=1,
        most=MOST_BYTES,
    ),
    Key(
        "both_languages",
        Kind.BOOLEAN,
        "with `text`: asked for in English and Japanese",
        default="false",
    ),
    Key("lines", Kind.INTEGER, "with `text`: lines of its field", least=1, most=50, default="1"),
)


def _named(*kinds: str) -> tuple[Key, ...]:
    return (
        required("id", Kind.NAME, "its name in answers, spreadsheets and the dataset"),
        required("kind", Kind.CHOICE, "what an answer is made of", choices=kinds),
        required("title", Kind.BOTH, "what is asked"),
    )


_COLUMN = (*_named(*(k for k in QuestionKind if k not in ("table", "file"))), *_OF_ANY)
"""A column of a table holds no table, no file and no condition."""

_QUESTION = (
    *_named(*QuestionKind),
    *_OF_ANY,
    Key(
        "file_types",
        Kind.STRINGS,
        "with `file`: of " + ", ".join(f"`{each}`" for each in FILE_TYPES),
        least=1,
        most=len(FILE_TYPES),
    ),
    Key("when", Kind.TABLE, "when it is asked; else always", keys=_CONDITION),
    Key(
        "columns",
        Kind.TABLES,
        "with `table`: a question a column",
        keys=_COLUMN,
        least=1,
        most=40,
    ),
)

_SECTION = (
    required("id", Kind.ID, "its name within the form"),
    required("title", Kind.BOTH, "what people read over its page"),
    Key("help", Kind.BOTH, "what helps to answer its questions"),
    required(
        "questions",
        Kind.TABLES,
        "in order; one page shows them all",
        keys=_QUESTION,
        least=1,
        most=100,
    ),
)

_WHO = (
    Key(
        "participants",
        Kind.IDS,
        "participants, or `any-participant`",
        least=1,
        most=500,
        default='["any-participant"]',
    ),
    Key(
        "one_each",
        Kind.BOOLEAN,
        "one submission a participant, corrected where it changes",
        default="true",
    ),
)

_DEADLINE = (
    required("day", Kind.SCALAR, "the last day, `2020-06-23`: open to its end"),
    required("zone", Kind.STRING, "whose clocks say so: a zone of the IANA database"),
    Key("late", Kind.BOOLEAN, "take what comes later and mark it late", default="false"),
)

_CHECK = (
    required("id", Kind.ID, "its name within the form"),
    required(
        "left", Kind.STRING, "a question, or several joined by ` + ` whose answers are added up"
    ),
    required("op", Kind.CHOICE, "how it is compared", choices=("is", "at-least", "at-most")),
    required("right", Kind.STRING, "as `left`, or a number or day"),
    required("message", Kind.BOTH, "what people read when it does not hold"),
)

_ASK = (
    required("dataset", Kind.ID, "the dataset of the programme that a holder delivers"),
    required("purpose", Kind.STRING, "term of the Data Privacy Vocabulary"),
    required("legal_basis", Kind.BOTH, "what allows the data to be asked for"),
    required("period", Kind.BOTH, "the time that the data are about"),
    Key("every_months", Kind.INTEGER, "how often it is delivered again", least=1, most=120),
)


def form_keys(own_of_dataset: tuple[Key, ...]) -> tuple[Key, ...]:
    """The keys of a form; of its dataset, those of any dataset."""
    dataset = (
        required("id", Kind.ID, "the dataset's name in release plans and SQL"),
        Key("public", Kind.NAMES, "columns whose values a table may show as groups", most=100),
        Key("table", Kind.NAME, "table question whose rows become rows; else one a submission"),
        Key(
            "sekisho",
            Kind.TABLE,
            "as in a dataset's own file; left out where `id` names a dataset with a file of its "
            "own, which the answers then feed",
            keys=own_of_dataset,
        ),
    )
    return (
        *HEAD,
        required("description", Kind.BOTH, "what the form is for"),
        required("version", Kind.INTEGER, "raised when what is asked changes", least=1, most=9999),
        Key("opens", Kind.SCALAR, "first day, in the deadline's zone"),
        Key("deadline", Kind.TABLE, "until when it is answered", keys=_DEADLINE),
        Key("who", Kind.TABLE, "who may answer", keys=_WHO),
        Key(
            "visible",
            Kind.CHOICE,
            "who reads a submission, beside whoever made it",
            choices=tuple(Visible),
            default="steward",
        ),
        Key(
            "may_be_public",
            Kind.BOOLEAN,
            "whether whoever submitted may open it to everyone",
            default="false",
        ),
        Key("reminders_days", Kind.SCALARS, "days before the deadline on which to remind", most=20),
        Key("ask", Kind.TABLE, "what makes it a request for data", keys=_ASK),
        Key("dataset", Kind.TABLE, "what the statistics lane may read", keys=dataset),
        Key("layout", Kind.TABLE, "how tables alike are written as one document", keys=LAYOUT_KEYS),
        Key("sections", Kind.TABLES, "pages of questions, in order", keys=_SECTION, most=50),
        Key("checks", Kind.TABLES, "what must hold across answers", keys=_CHECK, most=100),
    )
