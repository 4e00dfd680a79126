"""What a notebook, the command line and the web call: one object, a folder behind it."""

from sekisho.node.facade import Epsilon, Node
from sekisho.node.opening import init, open_node

__all__ = ["Epsilon", "Node", "init", "open_node"]
