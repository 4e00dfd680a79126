"""What was taken back is gone whole, also the revisions before the one that was withdrawn."""

import pytest

from sekisho.errors import NotFound
from sekisho.node.facade import Node
from sekisho.people import ANYBODY
from tests.lib.forms import FORM, PROGRAMME, answers, make_node


@pytest.fixture
def node(tmp_path):
    made, _clock, _tokens = make_node(tmp_path)
    yield made
    made.close()


def submitted(node, **changed) -> str:
    forms = node.as_("carrier-a-1").forms
    forms.fill(PROGRAMME, FORM, answers(**changed))
    return forms.submit(PROGRAMME, FORM).submission.reference


@pytest.mark.parametrize("opened", [True, False])
def test_a_submission_that_was_corrected_and_then_withdrawn_is_read_by_no_other(node, opened):
    reference = submitted(node)
    own = node.as_("carrier-a-1").forms
    if opened:
        own.open_to_public(reference)
    own.correct(reference)
    submitted(node, staff=130)
    own.withdraw(reference)
    for reader in (node.as_("carrier-b-1"), Node(node._house, node._settings, ANYBODY)):
        with pytest.raises(NotFound):
            reader.forms.history(reference)
        with pytest.raises(NotFound):
            reader.forms.submission(reference)
        assert reader.forms.submissions(PROGRAMME) == []
        assert reader.documents.search("130") == reader.documents.search("staff") == []
    for reader in (node, node.as_("carrier-a-1")):
        assert [each.revision for each in reader.forms.history(reference)] == [1, 2]
