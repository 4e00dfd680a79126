"""Locks between processes: one holder at a time, whether or not the file is removed afterwards."""

from concurrent.futures import ThreadPoolExecutor

from sekisho.gate.locks import held, held_all, held_if_free, held_once


def test_a_lock_taken_once_leaves_no_file(tmp_path):
    with held_once(tmp_path / "one"), held_all([tmp_path / "b", tmp_path / "a"], once=True):
        assert {each.name for each in tmp_path.iterdir()} == {"a", "b", "one"}
    assert not list(tmp_path.iterdir())


def test_a_lock_that_is_held_is_not_free(tmp_path):
    with held_once(tmp_path / "one"), held_if_free(tmp_path / "one") as free:
        assert not free
    with held(tmp_path / "one"), held_if_free(tmp_path / "one") as free:
        assert not free
    with held_if_free(tmp_path / "one") as free:
        assert free


def test_many_that_take_and_remove_a_lock_exclude_each_other(tmp_path):
    inside, most = [], []

    def go(_turn: int) -> None:
        for _ in range(200):
            with held_once(tmp_path / "one"):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(go, range(8)))
    assert len(most) == 1600
    assert set(most) == {1}
    assert not list(tmp_path.iterdir())
