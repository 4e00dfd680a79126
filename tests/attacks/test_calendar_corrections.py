"""A wrong release is corrected or withdrawn in the open, and gives nothing more away by it."""

import pytest

from sekisho.errors import Conflict, NotPermitted, Refused, UsageError
from sekisho.gate.notices import notice_digest
from sekisho.model.calendar import ErrorClass
from sekisho.model.entry import EntryKind, parse_entry
from sekisho.model.table import Suppressed
from sekisho.model.text import Text
from sekisho.terms import ReleaseState
from tests.lib import auditor
from tests.lib.calendars import WHY, more, plain_node
from tests.lib.small import PLANS, PROGRAMME, rows, write_sales

LEVELS = {"by-place": [["region", "town"], ["year"]], "by-goods": [["goods"], ["year"]]}


def entries(node):
    return [parse_entry(data) for _i, data in node._house.store.outbox(0, 1000)]


@pytest.fixture(scope="module")
def corrected(tmp_path_factory):
    """A node with a release, more data, and its correction."""
    folder = tmp_path_factory.mktemp("corrected")
    with plain_node(folder) as node:
        first = node.release(PROGRAMME, PLANS[0])
        with pytest.raises(Conflict):
            node.calendar.correct(first.id, ErrorClass.DATA, WHY)
        more(folder, node)
        second = node.calendar.correct(first.id, ErrorClass.DATA, WHY)
        yield folder, node, first, second


def test_a_correction_takes_the_place_of_what_it_corrects_and_both_stay_readable(corrected):
    _folder, node, first, second = corrected
    found = {each.id: each for each in node.as_anybody().releases()}
    assert found[first.id].release.state is ReleaseState.CORRECTED
    assert found[first.id].became.corrected_by.id == second.id
    assert found[second.id].release.corrects == first.id
    assert found[second.id].release.correction.reason == WHY
    assert sorted(found[first.id].files) == sorted(first.files)
    assert node.proof(first.id).verified
    assert node.proof(second.id).verified
    assert node.verify().passed


def test_the_entry_of_a_correction_names_the_entry_that_it_corrects(corrected):
    _folder, node, first, second = corrected
    (entry,) = [each for each in entries(node) if each.kind is EntryKind.RELEASE_CORRECTED]
    assert entry.public["release"] == second.id
    assert entry.public["reason"] == "data"
    assert entry.public["concerns"] == first.release.entry_index
    assert "small-trade-R1" in entry.rules


def test_a_correction_is_protected_together_with_what_it_corrects(corrected):
    _folder, _node, first, second = corrected
    tables = [
        auditor.read(each.files["by-place.csv"], LEVELS["by-place"]) for each in (first, second)
    ]
    for each in tables:
        assert auditor.exactly_known([each]) == []
    assert second.release.edition != first.release.edition


def test_what_a_correction_changed_follows_from_the_two_released_tables_alone(corrected):
    _folder, node, first, second = corrected
    changes = node.as_anybody().calendar.changes(second.id)
    assert changes.same_layout
    assert not changes.words
    before = {row.groups: row.cell for row in first.table}
    after = {row.groups: row.cell for row in second.table}
    assert {each.groups for each in changes.cells} == {
        groups for groups in {*before, *after} if before.get(groups) != after.get(groups)
    }
    for each in changes.cells:
        hidden = isinstance(each.before, Suppressed) or isinstance(each.after, Suppressed)
        assert not (hidden and each.difference is not None)
    assert node.calendar.changes(first.id) is None


def test_the_same_correction_again_is_the_same_release(corrected):
    _folder, node, first, second = corrected
    assert node.calendar.correct(first.id, ErrorClass.DATA, WHY).id == second.id
    assert len(node.releases()) == 2


def test_a_correction_needs_a_reason_in_both_languages_and_mends_no_disclosure(corrected):
    _folder, node, _first, second = corrected
    for reason in (Text("", "理由"), Text("why", " ")):
        with pytest.raises(UsageError):
            node.calendar.correct(second.id, ErrorClass.DATA, reason)
        with pytest.raises(UsageError):
            node.calendar.withdraw(second.id, ErrorClass.DATA, reason)
    with pytest.raises(UsageError):
        node.calendar.correct(second.id, ErrorClass.DISCLOSURE, WHY)


@pytest.mark.slow
def test_words_alone_can_be_corrected_and_nothing_else_changes(tmp_path):
    with plain_node(tmp_path) as node:
        first = node.release(PROGRAMME, PLANS[0])
        plan = tmp_path / PROGRAMME / "releases" / "by-place.toml"
        text = plan.read_text(encoding="utf-8")
        plan.write_text(text.replace("Sales by-place", "Sales by town"), encoding="utf-8")
        node.add_programme(tmp_path / PROGRAMME)
        second = node.calendar.correct(first.id, ErrorClass.PRESENTATION, WHY)
        changes = node.calendar.changes(second.id)
        assert changes.words
        assert changes.cells == ()
        assert [row.cell for row in first.table] == [row.cell for row in second.table]


@pytest.mark.slow
def test_a_method_that_reads_the_same_data_otherwise_is_refused_not_leaked(tmp_path):
    """The two tables could be subtracted: what one leaves out is nobody's cell."""
    with plain_node(tmp_path) as node:
        first = node.release(PROGRAMME, PLANS[0])
        for plan in PLANS:
            sql = tmp_path / PROGRAMME / "releases" / f"{plan}.sql"
            text = sql.read_text(encoding="utf-8")
            sql.write_text(
                text.replace("FROM sales", "FROM sales WHERE value < 5000"), encoding="utf-8"
            )
        node.add_programme(tmp_path / PROGRAMME)
        with pytest.raises(Refused):
            node.calendar.correct(first.id, ErrorClass.METHOD, WHY)
        assert node.released(first.id).release.state is ReleaseState.OPEN


@pytest.mark.slow
def test_one_firms_late_return_is_not_given_away_by_a_correction(tmp_path):
    with plain_node(tmp_path) as node:
        first = node.release(PROGRAMME, PLANS[0])
        late = ["901,firm-new,north,n1,rice,2019,5000.00"]
        node.load(PROGRAMME, "sales", write_sales(tmp_path / "late.csv", late))
        try:
            second = node.calendar.correct(first.id, ErrorClass.DATA, WHY)
        except Refused:
            return
        changes = node.calendar.changes(second.id)
        assert all(each.difference in (None, 0) for each in changes.cells)


def test_a_withdrawn_release_keeps_page_reason_and_entry_and_its_figures_are_marked(tmp_path):
    with plain_node(tmp_path) as node:
        first = node.release(PROGRAMME, PLANS[0])
        notice = node.calendar.withdraw(first.id, ErrorClass.METHOD, WHY)
        found = node.as_anybody().released(first.id)
        assert found.release.state is ReleaseState.WITHDRAWN
        assert found.became.withdrawal.reason == WHY
        assert not found.became.taken_down
        assert "by-place.csv" in found.files
        assert node.proof(first.id).verified
        (entry,) = [each for each in entries(node) if each.kind is EntryKind.RELEASE_WITHDRAWN]
        assert entry.public["digest"] == notice_digest(notice)
        assert entry.public["concerns"] == first.release.entry_index
        assert entry.public["change"] == "marked"
        assert node.verify().passed
        with pytest.raises(Refused):
            node.release(PROGRAMME, PLANS[0])
        for again in (
            lambda: node.calendar.withdraw(first.id, ErrorClass.METHOD, WHY),
            lambda: node.calendar.correct(first.id, ErrorClass.METHOD, WHY),
        ):
            with pytest.raises(Conflict):
                again()


def test_a_release_that_disclosed_is_taken_down_and_its_proof_still_holds(tmp_path):
    with plain_node(tmp_path) as node:
        first = node.release(PROGRAMME, PLANS[0])
        more(tmp_path, node)
        second = node.calendar.correct(first.id, ErrorClass.DATA, WHY)
        for each in (first, second):
            node.calendar.withdraw(each.id, ErrorClass.DISCLOSURE, WHY)
            found = node.as_anybody().released(each.id)
            assert found.became.taken_down
            assert found.table.shown == 0, "no figure comes out of the store either"
            left = set(found.files)
            assert left == {"manifest.json", "entry.json", "proof.tlog-proof"}
            assert node.proof(each.id).verified
        assert node.released(first.id).became.corrected_by.id == second.id
        assert node.calendar.changes(second.id) is None
        assert node.verify().passed
        back = node.folder / "releases" / first.id / "by-place.csv"
        back.write_text("kept", encoding="utf-8")
        assert not node.verify().passed


@pytest.mark.slow
def test_figures_that_a_kill_left_behind_are_taken_down_when_the_node_opens(tmp_path):
    import shutil

    import sekisho

    with plain_node(tmp_path) as node:
        first = node.release(PROGRAMME, PLANS[0])
        shutil.copytree(first.folder, tmp_path / "kept")
        node.calendar.withdraw(first.id, ErrorClass.DISCLOSURE, WHY)
        shutil.rmtree(first.folder)
        shutil.copytree(tmp_path / "kept", first.folder)
    with sekisho.open(tmp_path / "node") as node:
        assert "by-place.csv" not in node.released(first.id).files
        assert node.verify().passed


@pytest.mark.slow
def test_what_left_before_still_counts_after_it_was_withdrawn(tmp_path):
    """Figures once read are remembered: withdrawing opens no second, other pattern."""
    with plain_node(tmp_path) as node:
        first = node.release(PROGRAMME, PLANS[0])
        node.calendar.withdraw(first.id, ErrorClass.DISCLOSURE, WHY)
        node.load(PROGRAMME, "sales", write_sales(tmp_path / "m.csv", rows(9, start=1000)))
        import shutil

        shutil.rmtree(node.folder / "private")
        from sekisho.errors import StorageError

        with pytest.raises(StorageError):
            node.release(PROGRAMME, PLANS[0])


def test_nobody_without_the_right_corrects(corrected):
    _folder, node, _first, second = corrected
    with pytest.raises(NotPermitted):
        node.as_anybody().calendar.correct(second.id, ErrorClass.DATA, WHY)
