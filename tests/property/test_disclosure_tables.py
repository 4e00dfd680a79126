"""Any linked tables with hierarchies: nothing hidden comes back, and everything is repeatable."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.lanes.statistics.disclosure.audit import audit
from sekisho.lanes.statistics.disclosure.cells import lone_contributors, nobody
from sekisho.lanes.statistics.disclosure.certificate import from_bytes, to_bytes
from sekisho.lanes.statistics.disclosure.protect import Effort, protect
from sekisho.lanes.statistics.disclosure.sensitivity import (
    Contributions,
    any_of,
    minimum_count,
    minimum_frequency,
    p_percent,
)
from sekisho.lanes.statistics.disclosure.verify import Claim, verify
from tests.lib.tables import exactly_known, joined, missed_levels, publication, survey, top, tree

QUICK = Effort(shrink=1, improve=0, exact=0)
LINKS = ([(0, 1)], [(0, 1), (1, 2)], [(0, 1), (0, 2), (1, 2)], [(0,), (1,), (0, 1)])


@st.composite
def releases(draw):
    """Linked tables of 10 to 60 firms over up to three dimensions, with what the rules find."""
    widths = st.integers(2, 3)
    dimensions = (
        tree("a", (draw(widths), draw(widths)), second=draw(st.booleans())),
        tree("b", (draw(widths),)),
        tree("c", (2, 2)[: draw(st.integers(1, 2))]),
    )
    data = survey(dimensions, draw(st.integers(10, 60)), draw(st.integers(0, 10**6)))
    counts = draw(st.booleans())
    cells, places, contributions, _ = joined(data, draw(st.sampled_from(LINKS)), counts=counts)
    if counts:
        found = minimum_count(cells.values, threshold=3)
    else:
        found = any_of(
            p_percent(Contributions(cells.values.astype(float), top(contributions)), p=10),
            minimum_frequency(cells.values, cells.frequency, threshold=3),
        )
    for column in (found.mask, found.upper, found.lower):
        column[places.virtual] = 0
    return cells, places, found


@settings(max_examples=200)
@given(releases())
def test_an_attacker_who_reads_what_is_published_recovers_no_hidden_cell(release):
    cells, places, found = release
    protection = protect(cells, found.levels, effort=QUICK)
    seen = publication(cells, protection.hidden)
    known = [cell for cell in exactly_known(seen) if not places.virtual[cell]]
    assert known == []
    unsafe = np.flatnonzero(found.mask)
    sample = unsafe if unsafe.size <= 2 else unsafe[:: unsafe.size // 2]
    assert missed_levels(cells, found.levels, seen, sample) == []
    assert not audit(cells, found.levels, protection.hidden).unprotected.any()


@given(releases())
def test_the_certificate_proves_every_level_to_a_verifier_of_its_own(release):
    cells, _, found = release
    people = lone_contributors(cells)
    protection = protect(cells, found.levels, attackers=people, effort=QUICK)
    kept = from_bytes(to_bytes(protection.certificate))
    claim = Claim(cells, found.levels, protection.hidden)
    assert verify(claim, kept, people) == []
    assert verify(claim, kept, nobody()) == []


@given(releases(), st.data())
def test_showing_any_needed_cell_breaks_the_certificate(release, data):
    cells, _, found = release
    protection = protect(cells, found.levels, effort=QUICK)
    moved = np.unique(protection.certificate.cell)
    if not moved.size:
        return
    shown = protection.hidden.copy()
    shown[data.draw(st.sampled_from(moved.tolist()))] = False
    assert verify(Claim(cells, found.levels, shown), protection.certificate, nobody())


@given(releases())
def test_the_same_tables_give_the_same_bytes_on_any_number_of_threads(release):
    cells, _, found = release
    once = protect(cells, found.levels, effort=Effort(shrink=2, improve=1, exact=0, threads=1))
    again = protect(cells, found.levels, effort=Effort(shrink=2, improve=1, exact=0, threads=3))
    assert once.hidden.tobytes() == again.hidden.tobytes()
    assert to_bytes(once.certificate) == to_bytes(again.certificate)


@given(releases())
def test_trying_harder_never_hides_more_cost(release):
    cells, _, found = release
    little = protect(cells, found.levels, effort=Effort(shrink=0, improve=0, exact=0))
    more = protect(cells, found.levels, effort=Effort(shrink=2, improve=2, exact=0))
    assert more.cost <= little.cost
