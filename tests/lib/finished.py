"""Finished tables with known truth, printed in many styles, and an attacker of another make.

The attacker knows the structure that the generator made, reads the shown figures, and asks scipy
for the least and largest value of every hidden cell. It shares no code with the audit.
"""

import itertools
import random
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

THOUSANDS = {
    "us": (",", "."),
    "de": (".", ","),
    "fr": ("\u202f", ","),
    "ch": ("'", "."),
    "in": ("in", "."),
    "plain": ("", "."),
}
MARKS = ("x", "..", "(D)", "χ", "秘")


@dataclass(frozen=True)
class Made:
    """A crossed table: labels and sums of both axes, whole values, hidden places."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    row_sums: tuple[tuple[int, tuple[int, ...]], ...]
    column_sums: tuple[tuple[int, tuple[int, ...]], ...]
    values: tuple[tuple[int, ...], ...]
    hidden: frozenset[tuple[int, int]]
    depth: tuple[int, ...]


def axis(
    draw: random.Random, word: str, branches: int
) -> tuple[list[str], list[tuple[int, tuple[int, ...]]], list[int], list[int]]:
    """Labels in print order, sums by index, depths, leaves; a total on top, groups below it."""
    labels, sums, depth, leaves = ["Total"], [], [0], []
    tops = []
    for group in range(branches):
        size = draw.choice((1, 1, 2, 3))
        tops.append(len(labels))
        if size == 1:
            leaves.append(len(labels))
            labels.append(f"{word} {group}")
            depth.append(1)
            continue
        top = len(labels)
        labels.append(f"{word} {group}")
        depth.append(1)
        inner = []
        for part in range(size):
            inner.append(len(labels))
            leaves.append(len(labels))
            labels.append(f"{word} {group}{'abc'[part]}")
            depth.append(2)
        sums.append((top, tuple(inner)))
    sums.append((0, tuple(tops)))
    return labels, sums, depth, leaves


def made(draw: random.Random) -> Made:
    """A random table whose parts add up, with a random share hidden."""
    rows, row_sums, depth, row_leaves = axis(draw, "Branch", draw.randint(2, 4))
    columns, column_sums, _, _ = axis(draw, "Area", draw.randint(2, 3))
    # Columns have no indents in print: only one level there.
    flat = [
        n for n in range(len(columns)) if n == 0 or n in next(p for t, p in column_sums if t == 0)
    ]
    columns = [columns[n] for n in flat]
    column_sums = [(0, tuple(range(1, len(flat))))]
    values = np.zeros((len(rows), len(columns)), dtype=np.int64)
    for r in row_leaves:
        for c in range(1, len(columns)):
            values[r, c] = draw.choice((0, draw.randint(1, 9), draw.randint(10, 4000)))
    for top, parts in row_sums:
        values[top] = values[list(parts)].sum(axis=0)
    values[:, 0] = values[:, 1:].sum(axis=1)
    places = list(itertools.product(range(len(rows)), range(len(columns))))
    share = draw.choice((0.15, 0.3, 0.5))
    # Offices show zeros; where every hidden cell is zero, totals look as if they left it out.
    hidden = frozenset(p for p in places if values[p] and draw.random() < share)
    return Made(
        tuple(rows),
        tuple(columns),
        tuple(row_sums),
        tuple(column_sums),
        tuple(map(tuple, values.tolist())),
        hidden,
        tuple(depth),
    )


def grouped(value: int, style: str) -> str:
    """A whole number with the thousands of one country."""
    sign = THOUSANDS[style][0]
    if sign == "in":
        text = str(value)
        head, tail = text[:-3], text[-3:]
        parts = []
        while head:
            parts.insert(0, head[-2:])
            head = head[:-2]
        return ",".join([*parts, tail])
    return f"{value:,}".replace(",", sign)


def printed(table: Made, draw: random.Random) -> list[list[str]]:
    """The table as an office prints it: a title, a heading, indents, marks, notes."""
    style = draw.choice(sorted(THOUSANDS))
    wide = draw.random() < 0.2
    notes = draw.random() < 0.3
    marks = draw.sample(MARKS, k=draw.randint(1, 3))
    rows = [["Table 7", *[""] * len(table.columns)], ["Branch", *table.columns]]
    for r, name in enumerate(table.rows):
        line = ["  " * table.depth[r] + name]
        for c in range(len(table.columns)):
            if (r, c) in table.hidden:
                line.append(draw.choice(marks))
                continue
            text = grouped(table.values[r][c], style)
            if wide:
                text = text.translate({ord(d): chr(0xFF10 + int(d)) for d in "0123456789"})
            elif notes and draw.random() < 0.1:
                text += draw.choice(("*", " 1)", "²"))
            line.append(text)
        rows.append(line)
    return rows


def intervals(table: Made) -> dict[tuple[int, int], tuple[float, float]]:
    """Least and largest value of each hidden cell that fits what is shown; cells are >= 0."""
    unknown = sorted(table.hidden)
    at = {place: n for n, place in enumerate(unknown)}
    rows, rest = [], []
    lines = [
        [(top, c), *((p, c) for p in parts)]
        for top, parts in table.row_sums
        for c in range(len(table.columns))
    ]
    lines += [
        [(r, top), *((r, p) for p in parts)]
        for top, parts in table.column_sums
        for r in range(len(table.rows))
    ]
    for total, *parts in lines:
        row, known = np.zeros(len(unknown)), 0
        for place, sign in ((total, -1), *((part, 1) for part in parts)):
            if place in at:
                row[at[place]] += sign
            else:
                known += sign * table.values[place[0]][place[1]]
        if row.any():
            rows.append(row)
            rest.append(-known)
    found = {}
    for place, n in at.items():
        cost = np.zeros(len(unknown))
        cost[n] = 1
        ends = []
        for sign in (1, -1):
            answer = linprog(
                sign * cost,
                A_eq=np.array(rows) if rows else None,
                b_eq=np.array(rest) if rows else None,
                bounds=(0, None),
                method="highs",
            )
            ends.append(sign * answer.fun if answer.status == 0 else np.inf)
        found[place] = (ends[0], ends[1])
    return found
