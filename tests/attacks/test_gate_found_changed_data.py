"""Data or a programme changed behind the node's back never becomes a table."""

import random

import pytest

from sekisho.errors import SekishoError, TamperedError
from tests.lib.small import PROGRAMME, make_node


def test_a_flipped_bit_of_a_delivery_is_found_before_a_table_is_made(tmp_path):
    """Parquet itself would not notice most of them, and the table would show another number."""
    draw = random.Random(3)
    with make_node(tmp_path) as node:
        (file,) = node.folder.glob("deliveries/*/*/*.parquet")
        whole = file.read_bytes()
        for _ in range(10):
            bent = bytearray(whole)
            bent[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
            file.write_bytes(bytes(bent))
            with pytest.raises(TamperedError):
                node.release(PROGRAMME, "by-goods")
        file.write_bytes(whole)
        released = node.release(PROGRAMME, "by-goods")
        file.write_bytes(bytes(bent))
        with pytest.raises(TamperedError):
            node.verify_certificate(released.id)


def test_an_older_copy_of_a_programme_that_was_changed_is_found(tmp_path):
    """What left before is judged by the programme of its day: its copy must be that one."""
    with make_node(tmp_path) as node:
        node.release(PROGRAMME, "by-place")
        plan = tmp_path / PROGRAMME / "releases/by-goods.toml"
        plan.write_text(plan.read_text(encoding="utf-8").replace("Made up.", "Edited."))
        (before,) = node.folder.glob(f"programmes/{PROGRAMME}/*")
        node.add_programme(tmp_path / PROGRAMME)
        old = before / "releases/by-place.toml"
        old.write_text(old.read_text(encoding="utf-8").replace('"value"', '"count"', 1))
        with pytest.raises(SekishoError):
            node.release(PROGRAMME, "by-place")
        assert len(node.releases()) == 1
