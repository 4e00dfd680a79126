"""Packs and comparisons as people read them: lines, CSV, HTML, Markdown."""
