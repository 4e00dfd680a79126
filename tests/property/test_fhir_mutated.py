"""Whatever is in a file, reading it ends in resources or in faults that quote nothing of it."""

import copy
import io
import json
from contextlib import suppress
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from sekisho.errors import DeliveryError
from sekisho.formats.fhir import FHIR_R4, to_json
from sekisho.formats.fhir_stream import BrokenError, Text, lines, members
from sekisho.ports import Watch
from sekisho.terms import Language
from tests.lib.fhir_records import bundle, record

WHOLE = bundle(record()[:12])
TREES = [each.tree for each in record()[:12]]
STRANGE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


class OneFile:
    """A path that holds these bytes."""

    suffix, name = ".json", "record.json"

    def __init__(self, content):
        self.content = content

    def stat(self):
        return Path(__file__).stat()

    def open(self, _mode):
        return io.BytesIO(self.content)


def _read(content):
    try:
        return list(FHIR_R4.read(OneFile(content), Watch()))
    except DeliveryError as error:
        for fault in error.faults:
            for language in Language:
                assert fault.sentence(language)
        return None


@given(st.integers(0, len(WHOLE) - 1), st.binary(max_size=6), st.integers(0, 40))
def test_bytes_put_in_or_taken_out_anywhere_break_nothing_but_the_file(at, new, cut):
    _read(WHOLE[:at] + new + WHOLE[at + cut :])


def _places(tree, found):
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        found.append((tree, key))
        if isinstance(value, (dict, list)):
            _places(value, found)
    return found


@given(st.data())
def test_any_value_anywhere_is_read_or_told(data):
    trees = copy.deepcopy(TREES)
    holder, key = data.draw(st.sampled_from(_places(trees, [])))
    holder[key] = data.draw(STRANGE)
    kept = _read(
        to_json(
            {
                "resourceType": "Bundle",
                "type": "collection",
                "entry": [{"resource": t} for t in trees],
            }
        )
    )
    assert kept is None or len(kept) == len(trees)


@given(st.dictionaries(st.text(max_size=8), STRANGE, max_size=4), st.integers(1, 9))
def test_members_are_what_json_says_however_the_text_is_cut(tree, block):
    class Slow(io.BytesIO):
        def read(self, _count=-1):
            return super().read(block)

    tree.pop("entry", None)
    said = dict(members(Text(Slow(to_json(tree)), len), "entry"))
    assert json.loads(to_json(said)) == json.loads(to_json(tree))


@given(st.binary(max_size=60))
def test_bytes_of_any_kind_end_in_values_or_in_a_reason(content):
    for way in (lambda text: members(text, "entry"), lines):
        with suppress(BrokenError):
            list(way(Text(io.BytesIO(content), len)))
