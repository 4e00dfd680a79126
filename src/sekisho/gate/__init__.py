"""The gate: every call is judged here, goes its lane, is logged, and only then handed out.

`house` holds what a call works with, `admit` lets programmes, participants and data in, `release`
lets statistics out, `sequence` brings entries into the log, `repair` mends what a kill left.
"""
