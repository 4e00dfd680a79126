"""A private question or release that dies as it reaches a given step. Run as a script.

python -m tests.lib.killed_private NODE query|release MOMENT
"""

import os
import signal
import sys

import sekisho
from sekisho.gate import answers, making, private
from tests.lib.private import COUNT, PLAN, PROGRAMME, PURPOSE

OUTSIDE = ("entry_of", "write_papers", "finish_all")
"""Steps after the draw."""


def query(node):
    return node.query(PROGRAMME, COUNT, purpose=PURPOSE, epsilon="1")


def release(node):
    return node.release(PROGRAMME, PLAN)


def die(*_args, **_kwargs):
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(node, moment: str) -> None:
    """The next call dies when it reaches the moment."""
    if moment == "save_draw":
        type(node._house.store).save_draw = die
    elif moment not in OUTSIDE and hasattr(private, moment):
        setattr(private, moment, die)
    else:
        setattr(making if hasattr(making, moment) else answers, moment, die)


if __name__ == "__main__":
    with sekisho.open(sys.argv[1]) as opened:
        die_at(opened, sys.argv[3])
        {"query": query, "release": release}[sys.argv[2]](opened)
