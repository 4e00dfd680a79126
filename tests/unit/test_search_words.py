"""Search finds words of English and of scripts without spaces, on both stores alike."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.errors import SekishoError
from sekisho.model.submission import Submission, SubmissionState
from sekisho.model.words import found_in, wanted, words_of
from sekisho.ports.search import Reach
from tests.lib.forms_submissions import AT, draft, submission
from tests.lib.stores import entry, new_store, participant

BOTH = pytest.mark.parametrize(
    "backend", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
SOURCE, FORM = "made-up-survey", "telework"
EVERYTHING = Reach(frozenset({(SOURCE, FORM)}), "", opened=True)
TEXTS = [
    "医療機関と通信会社の雇用を支援する",
    "Supporting SMEs in introducing teleworking",
    "テレワークの導入。Ｔｅｌｅｗｏｒｋ ｾｷｭﾘﾃｨ",
    "Política de México: compras públicas",
    "สนับสนุนการแพทย์ทางไกล",
    "원격 의료를 지원합니다",
    "remote patients are working; remote working is not the same",
    "医 療 separated, and 医薬 and 治療",
]


def words_text(made: Submission) -> str:
    return made.answers["lessons"]


def holder(backend, tmp_path, texts=TEXTS, **changed):
    """A store with one submission a text, of participants in turn."""
    store = new_store(backend, tmp_path)
    for each in ("carrier-a", "carrier-b"):
        store.add_participant(replace(participant(), id=each), entry())
    for number, text in enumerate(texts):
        add(store, number, text, **changed)
    return store


def add(store, number: int, text: str, **changed: object) -> Submission:
    reference = f"MUS-0000-0000-{number:04}"
    made = submission(reference, answers={"lessons": text}, submitted_at=AT + timedelta(number))
    made = replace(made, participant=("carrier-a", "carrier-b")[number % 2], **changed)
    given = draft(form=f"f{number}", participant=made.participant)
    store.forms.add_draft(given)
    store.forms.add_submission(made, given, None, entry())
    return made


def found(store, query: str, reach: Reach = EVERYTHING, **limits: object) -> list[int]:
    store.search.catch_up(words_text)
    asked = {"programme": None, "most": 20, "before": None, **limits}
    hits = store.search.find(wanted(query), reach, **asked)
    return [int(each.reference[-4:]) for each in hits]


QUERIES = [
    ("医療", [0]),
    ("通信", [0]),
    ("雇用", [0]),
    ("医療機関", [0]),
    ("機関と通信会社", [0]),
    ("療", [7, 0]),
    ("医", [7, 0]),
    ("통신", []),
    ("의료", [5]),
    ("แพทย์", [4]),
    ("teleworking", [1]),
    ("telework", [2, 1]),
    ("TELEWORK セキュリティ", [2]),
    ("ﾃﾚﾜｰｸ", [2]),
    ("mexico", [3]),
    ("MÉXICO pública", [3]),
    ('"remote working"', [6]),
    ('"working remote"', [6]),
    ('"patients remote"', []),
    ('"emote working"', []),
    ("working remote", [6]),
    ("sme", []),
    ("smes", [1]),
    ("医療 雇用", [0]),
    ("医療 telework", []),
    ("医用", []),
    ('" OR 1=1 --', []),
    ("words:医療", []),
    ("医療*", [0]),
    ("NEAR(医療 通信)", []),
    ("' || '", []),
    ("(", []),
    ("", []),
    ("。、", []),
]


@BOTH
def test_words_are_found_in_every_script_and_nothing_else_is(backend, tmp_path):
    store = holder(backend, tmp_path)
    wrong = {query: got for query, right in QUERIES if (got := found(store, query)) != right}
    assert wrong == {}
    store.close()


@pytest.mark.parametrize(("query", "right"), QUERIES)
def test_plain_python_finds_the_same(query, right):
    assert [n for n in range(len(TEXTS) - 1, -1, -1) if found_in(wanted(query), TEXTS[n])] == right


@given(st.text(max_size=60), st.text(max_size=20))
def test_any_piece_of_a_text_without_spaces_is_found_in_it(before, after):
    middle = "医療と通信の雇用"
    for start in range(len(middle)):
        for end in range(start + 1, len(middle) + 1):
            assert found_in(wanted(middle[start:end]), f"{before} {middle} {after}")


@given(st.text(max_size=200))
def test_words_hold_letters_and_digits_alone_so_nothing_in_them_is_syntax(text):
    assert all(not set(word) & set("\"'\\():*^&|!<>- \t\n") for word in words_of(text))
    assert all(
        not set(word) & set("\"'\\():*^&|!<>- ")
        for term in wanted(text).terms
        for word in term.words
    )


@BOTH
@pytest.mark.parametrize(
    ("reach", "right"),
    [
        (EVERYTHING, [1, 0]),
        (Reach(frozenset(), "carrier-a"), [0]),
        (Reach(frozenset(), "carrier-b"), [1]),
        (Reach(frozenset(), "carrier-c"), []),
        (Reach(frozenset(), ""), []),
        (Reach(frozenset({(SOURCE, "another")}), ""), []),
        (Reach(frozenset({("another", FORM)}), ""), []),
        (Reach(frozenset({(f"{SOURCE}/{FORM}", "")}), ""), []),
    ],
)
def test_only_what_the_reach_names_is_found(backend, tmp_path, reach, right):
    store = holder(backend, tmp_path, ["one telework", "two telework"])
    assert found(store, "telework", reach) == right
    store.close()


@BOTH
def test_the_index_is_not_asked_for_somebody_who_may_see_nothing(backend, tmp_path):
    store = holder(backend, tmp_path, ["one telework"])
    store.search.catch_up(words_text)
    with store._change() as connection:
        connection.exec_driver_sql("DROP TABLE search_words")
    assert store.search.find(wanted("telework"), Reach(frozenset(), ""), None, 20, None) == []
    with pytest.raises(SekishoError):
        store.search.find(wanted("telework"), EVERYTHING, None, 20, None)
    store.close()


@BOTH
def test_an_opened_submission_is_found_by_everyone_and_a_withdrawn_one_by_nobody(backend, tmp_path):
    store = holder(backend, tmp_path, ["one telework", "two telework"])
    nobody = Reach(frozenset(), "")
    store.forms.move_submission("MUS-0000-0000-0001.r1", SubmissionState.OPENED, entry(), AT)
    assert found(store, "telework", nobody) == [1]
    assert found(store, "telework", replace(nobody, opened=False)) == []
    store.forms.move_submission("MUS-0000-0000-0001.r1", SubmissionState.WITHDRAWN, entry())
    assert found(store, "telework", nobody) == []
    assert found(store, "telework", Reach(frozenset(), "carrier-b")) == []
    assert found(store, "telework") == [0]
    store.close()


@BOTH
def test_a_correction_takes_the_place_of_what_it_corrects(backend, tmp_path):
    store = holder(backend, tmp_path, ["the first text"])
    assert found(store, "first") == [0]
    second = submission("MUS-0000-0000-0000", answers={"lessons": "the second text"}, revision=2)
    second = replace(second, id="MUS-0000-0000-0000.r2")
    store.forms.add_draft(draft())
    store.forms.add_submission(second, draft(), None, entry())
    assert found(store, "first") == []
    assert found(store, "second") == [0]
    store.close()


@BOTH
def test_the_index_catches_up_page_by_page_and_only_once(backend, tmp_path, monkeypatch):
    monkeypatch.setattr("sekisho.stores.search._AT_ONCE", 3)
    store = holder(backend, tmp_path, ["telework"] * 8)
    assert store.search.catch_up(words_text) == 8
    assert store.search.catch_up(words_text) == 0
    add(store, 8, "telework")
    assert store.search.catch_up(words_text) == 1
    assert found(store, "telework", most=3) == [8, 7, 6]
    newest = store.search.find(wanted("telework"), EVERYTHING, None, 3, None)
    after = newest[-1].entry_index
    assert found(store, "telework", most=3, before=after) == [5, 4, 3]
    assert found(store, "telework", programme="another") == []
    store.close()


@BOTH
def test_many_who_search_first_at_once_make_one_index(backend, tmp_path):
    store = holder(backend, tmp_path, [f"telework {n}" for n in range(30)])
    with ThreadPoolExecutor(6) as pool:
        hits = list(pool.map(lambda _: found(store, "telework", most=50), range(12)))
    assert hits == [list(range(29, -1, -1))] * 12
    with store._look() as connection:
        count = "SELECT count(*) FROM search_state"
        assert connection.exec_driver_sql(count).scalar_one() == 1
    store.close()


def test_an_index_that_somebody_dropped_is_made_again(tmp_path):
    store = holder("sqlite", tmp_path)
    assert found(store, "医療") == [0]
    with store._change() as connection:
        for table in ("search_words", "search_state"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
    store.search._is_made = False
    assert found(store, "医療") == [0]
    store.close()


@BOTH
def test_an_answer_of_300_pages_is_found_by_its_last_words(backend, tmp_path):
    page = "".join(chr(0x4E00 + n % 20_000) for n in range(0, 300_000, 7)) + "最後の言葉"
    store = holder(backend, tmp_path, [page])
    assert found(store, "最後の言葉") == [0]
    store.close()
