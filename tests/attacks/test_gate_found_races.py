"""Two loads at once cannot both bring a row of the same primary key."""

import threading

import sekisho
from sekisho.errors import DeliveryError
from tests.lib.small import OWNER, PROGRAMME, rows, write_programme, write_sales


def test_of_two_loads_with_the_same_keys_only_one_counts(tmp_path):
    write_programme(tmp_path)
    files = [write_sales(tmp_path / f"{n}.csv", rows(n, count=80)) for n in (1, 2, 3)]
    with sekisho.init(tmp_path / "node", OWNER, sensitivity={"p-percent": 10}) as node:
        node.add_programme(tmp_path / PROGRAMME)
        ended = []

        def load(file):
            try:
                ended.append(node.load(PROGRAMME, "sales", file).id)
            except DeliveryError:
                ended.append(None)

        racing = [threading.Thread(target=load, args=(file,)) for file in files]
        for each in racing:
            each.start()
        for each in racing:
            each.join()
        assert sorted(each is None for each in ended) == [False, True, True]
        assert len(node._house.store.deliveries(PROGRAMME, "sales")) == 1
        assert node.verify().passed
