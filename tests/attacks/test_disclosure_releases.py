"""What somebody tries who keeps every release: subtract this month's from last month's."""

from dataclasses import replace

import numpy as np
import pytest

from sekisho.errors import Refused
from sekisho.lanes.statistics.disclosure.certificate import Levels
from sekisho.lanes.statistics.disclosure.hierarchies import Dimension, Hierarchy
from sekisho.lanes.statistics.disclosure.protect import Effort, protect
from sekisho.lanes.statistics.disclosure.releases import Changed, Shared, with_changed, with_shared
from sekisho.lanes.statistics.disclosure.sensitivity import minimum_frequency
from tests.lib.tables import (
    Survey,
    above,
    exactly_known,
    grouped,
    joined,
    missed_levels,
    publication,
    survey,
    tables_to_cells,
    tree,
)

QUICK = Effort(shrink=2, improve=0, exact=0)
PLACES, KINDS = tree("place", (3, 2)), tree("kind", (4,))


def _found(cells):
    return minimum_frequency(cells.values, cells.frequency, threshold=3)


def _changed(before: Survey, after: Survey):
    """Both releases over the same dimensions, the earlier one as it went out."""
    old, _, _, _ = joined(before, [(0, 1)])
    new, _, _, _ = joined(after, [(0, 1)])
    old_keys = _keys(before)
    place = {key: i for i, key in enumerate(_keys(after))}
    same = np.array([place.get(key, -1) for key in old_keys])
    levels = _found(old).levels
    return old, new, levels, same


def _keys(data: Survey):
    each = grouped(data, (0, 1), "t")
    cells, places = tables_to_cells(data.dimensions, [each.table])
    return [places.name(i) for i in range(cells.size)]


def _change_levels(old, new, same, changed_by):
    """The change of a cell is unsafe when fewer than three contributors made it."""
    pairs = same >= 0
    change = np.where(pairs, np.abs(new.values[same] - old.values), 0)
    level = np.where((change > 0) & (changed_by < 3), np.ceil(change * 0.15), 0.0)
    return Levels(level, level)


@pytest.mark.parametrize("seed", [3, 4])
def test_one_vendor_more_cannot_be_read_off_the_difference(seed):
    after = survey((PLACES, KINDS), 60, seed)
    before = replace(after, codes=tuple(c[:-1] for c in after.codes), amounts=after.amounts[:-1])
    old, new, levels, same = _changed(before, after)
    first = protect(old, levels, effort=QUICK).hidden
    own = new.frequency[same] - old.frequency
    earlier = Changed(
        "last month", old, levels, first, same, _change_levels(old, new, same, own), grows=True
    )
    naive = protect(new, _found(new).levels, effort=QUICK).hidden
    vendor = after.amounts[-1]
    assert _difference(new, naive, old, first, same, vendor)
    cells, both = with_changed(new, _found(new).levels, [earlier])
    hidden = protect(cells, both, effort=QUICK).hidden
    assert not _difference(new, hidden[: new.size], old, first, same, vendor)
    seen = publication(cells, hidden)
    assert missed_levels(cells, both, seen, np.flatnonzero(both.unsafe)) == []


def _difference(new, shown, old, hidden_before, same, amount):
    """Whether some pair of published cells differs by just what the vendor brought."""
    both = (same >= 0) & ~hidden_before & ~shown[same]
    return bool((new.values[same[both]] - old.values[both] == amount).any())


def test_a_correction_cannot_be_subtracted_from_its_first_version():
    first = survey((PLACES, KINDS), 60, 7)
    amounts = list(first.amounts)
    amounts[5] += 40
    second = replace(first, amounts=tuple(amounts))
    old, new, levels, same = _changed(first, second)
    before = protect(old, levels, effort=QUICK).hidden
    one = np.ones(old.size, dtype=int)
    earlier = Changed("v1", old, levels, before, same, _change_levels(old, new, same, one))
    cells, both = with_changed(new, _found(new).levels, [earlier])
    hidden = protect(cells, both, effort=QUICK).hidden
    assert not _difference(new, hidden[: new.size], old, before, same, 40)
    seen = publication(cells, hidden)
    assert missed_levels(cells, both, seen, np.flatnonzero(both.unsafe)) == []
    changes = set(range(new.size + old.size, cells.size))
    assert changes
    assert not changes & set(exactly_known(seen))


def test_another_classification_of_the_same_data_gives_nothing_back():
    codes = tuple(f"kind.{i}" for i in range(6))
    one = Hierarchy("a", {"kind": ("a1", "a2"), "a1": codes[:2], "a2": codes[2:]})
    two = Hierarchy("b", {"kind": ("b1", "b2"), "b1": codes[:3], "b2": codes[3:]})
    kinds = Dimension("kind", "kind", (one, two))
    data = survey((PLACES, kinds), 70, 2)
    cells, places, _, _ = joined(data, [(0, 1)])
    assert len(above(kinds)["kind.2"]) == 4
    names = [places.name(i) for i in range(cells.size)]
    last = np.array(["kind=b" not in name for name in names])
    found = _found(cells)
    first = _only(cells, last)
    level = Levels(found.upper * last, found.lower * last)
    hidden = protect(first, level, effort=QUICK).hidden
    earlier = Shared("first classification", last & ~hidden, last & hidden)
    union = with_shared(cells, [earlier])
    again = protect(union, found.levels, effort=QUICK).hidden
    assert (again[last] == hidden[last]).all()
    seen = publication(union, again)
    assert missed_levels(union, found.levels, seen, np.flatnonzero(found.mask)) == []


def _only(cells, shown):
    """The cells as they stand when only some of them are in the table: the rest is not there."""
    return replace(cells, hidden=cells.hidden | ~shown, may_hide=cells.may_hide & shown)


def test_a_total_released_last_month_is_reckoned_with():
    data = survey((PLACES, KINDS), 60, 11)
    cells, _, _, _ = joined(data, [(0, 1)])
    found = _found(cells)
    plain = protect(cells, found.levels, effort=QUICK).hidden
    secondary = np.flatnonzero(plain & ~found.mask)
    safe_totals = np.zeros(cells.size, dtype=bool)
    safe_totals[secondary[np.argmax(cells.frequency[secondary])]] = True
    earlier = Shared("totals", safe_totals, np.zeros(cells.size, dtype=bool))
    union = with_shared(cells, [earlier])
    hidden = protect(union, found.levels, effort=QUICK).hidden
    assert not (hidden & safe_totals).any()
    seen = publication(union, hidden)
    assert missed_levels(union, found.levels, seen, np.flatnonzero(found.mask)) == []


def test_what_an_earlier_release_gave_away_is_refused_by_name():
    data = survey((PLACES, KINDS), 60, 11)
    cells, places, _, _ = joined(data, [(0, 1)])
    found = _found(cells)
    cell = int(np.flatnonzero(found.mask)[0])
    shown = np.zeros(cells.size, dtype=bool)
    shown[cell] = True
    union = with_shared(cells, [Shared("a slip", shown, ~shown & False)])
    with pytest.raises(Refused) as refused:
        protect(union, found.levels, effort=QUICK)
    assert cell in {each.fields["cell"] for each in refused.value.faults}
    said = places.named(refused.value.faults)
    assert any(places.name(cell) in each.sentence() for each in said)
