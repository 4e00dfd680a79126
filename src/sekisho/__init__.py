"""Sekisho: a checkpoint for data."""
