"""Pages and API of a node: they show what left, and hold no decision."""
