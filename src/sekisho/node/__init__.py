"""What a notebook, the command line and the web call: one object, a folder behind it."""

from sekisho.node.facade import Node
from sekisho.node.opening import init, open_node
from sekisho.node.questions import Epsilon

__all__ = ["Epsilon", "Node", "init", "open_node"]
