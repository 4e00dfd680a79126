"""The API: the same objects as the pages, as JSON."""
