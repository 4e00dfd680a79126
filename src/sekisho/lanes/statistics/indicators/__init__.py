"""Indicators: figures worked out from numbers that are out already, with their uncertainty.

Nothing here opens data: what goes in are the rows of a released or a public table, so a figure
costs no privacy. The errors of the released numbers are carried through every figure.
"""
