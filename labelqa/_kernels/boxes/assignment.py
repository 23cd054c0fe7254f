"""The heaviest one-to-one assignment in a sparse graph, with ties settled by order.

Successive shortest augmenting paths (Jonker and Volgenant, Computing 38, 1987) on whole-number weights, so that equal
totals are equal and not merely close.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from labelqa._kernels.arrays import Longs

_FAR = np.int64(2**62)


@njit(cache=True)
def assign(start: Longs, column: Longs, weight: Longs, n_columns: int) -> Longs:
    """Choose edges of largest total weight, at most one per row and per column.

    Among equal totals the first row gets its lowest possible column (any column is lower than none), then the second
    row, and so on.

    Parameters
    ----------
    start
        Shape (n + 1,): the edges of row i are ``[start[i], start[i + 1])``.
    column
        Shape (E,): rising within a row.
    weight
        Shape (E,): above 0; n times the largest must stay below 2**60.

    Returns
    -------
    array of shape (n,)
        The column of each row, -1 for none.
    """
    n_rows = start.shape[0] - 1
    u, v = np.zeros(n_rows, np.int64), np.zeros(n_columns, np.int64)
    column_of, row_of = np.full(n_rows, -1, np.int64), np.full(n_columns, -1, np.int64)
    distance, came_from = np.empty(n_columns, np.int64), np.empty(n_columns, np.int64)
    is_scanned = np.empty(n_columns, np.bool_)
    _take_best(start, column, weight, u, column_of, row_of)
    for row in range(n_rows):
        if column_of[row] == -1:
            _augment(row, start, column, weight, u, v, column_of, row_of, distance, came_from, is_scanned)
    _settle_ties(start, column, weight, u, v, column_of, row_of)
    return column_of


@njit(cache=True)
def _take_best(start, column, weight, u, column_of, row_of):  # type: ignore[no-untyped-def]
    """Give each row its heaviest edge where the column is still free, and set the row's price to that weight."""
    for row in range(u.shape[0]):
        heaviest = np.int64(0)
        for edge in range(start[row], start[row + 1]):
            heaviest = max(heaviest, weight[edge])
        u[row] = -heaviest
        for edge in range(start[row], start[row + 1]):
            if weight[edge] == heaviest and row_of[column[edge]] == -1:
                column_of[row], row_of[column[edge]] = column[edge], row
                break


@njit(cache=True)
def _augment(  # type: ignore[no-untyped-def]  # noqa: C901
    first, start, column, weight, u, v, column_of, row_of, distance, came_from, is_scanned
):
    """Give row `first` a column, or leave alone, at cost 0, the row whose absence costs least."""
    distance[:] = _FAR
    is_scanned[:] = False
    reached, row = np.int64(0), first
    alone, alone_row = _FAR, first
    while True:
        if reached - u[row] < alone:
            alone, alone_row = reached - u[row], row
        for edge in range(start[row], start[row + 1]):
            j = column[edge]
            if not is_scanned[j]:
                step = reached - weight[edge] - u[row] - v[j]
                if step < distance[j]:
                    distance[j], came_from[j] = step, row
        near = _nearest(distance, is_scanned, row_of)
        if near == -1 or alone <= distance[near]:
            reached, near = alone, -1
            break
        reached = distance[near]
        if row_of[near] == -1:
            break
        is_scanned[near] = True
        row = row_of[near]
    u[first] += reached
    for j in range(distance.shape[0]):
        if is_scanned[j]:
            u[row_of[j]] += reached - distance[j]
            v[j] -= reached - distance[j]
    if near == -1:
        near = column_of[alone_row]
        column_of[alone_row] = -1
        if alone_row == first:
            return
    while True:
        row = came_from[near]
        row_of[near] = row
        following = column_of[row]
        column_of[row] = near
        if row == first:
            return
        near = following


@njit(cache=True)
def _nearest(distance, is_scanned, row_of):  # type: ignore[no-untyped-def]
    """Give the nearest column that was reached and not looked at, -1 for none; of equally near ones a free one."""
    near = -1
    for j in range(distance.shape[0]):
        if is_scanned[j] or distance[j] == _FAR:
            continue
        if near == -1 or distance[j] < distance[near] or (distance[j] == distance[near] and row_of[j] == -1):
            near = j
    return near


@njit(cache=True)
def _settle_ties(start, column, weight, u, v, column_of, row_of):  # type: ignore[no-untyped-def]
    """Give the rows, one after the other, the lowest column that some best assignment gives them.

    An assignment is best if it uses only edges without slack and leaves alone only rows and columns whose price is 0.
    """
    n_rows, n_columns = u.shape[0], v.shape[0]
    taken_from, takes = np.empty(n_columns, np.int64), np.empty(n_rows, np.int64)
    for row in range(n_rows):
        for edge in range(start[row], start[row + 1]):
            target = column[edge]
            if 0 <= column_of[row] <= target:
                break
            # the rows above are settled, and so are their columns
            if -1 < row_of[target] < row or weight[edge] + u[row] + v[target] != 0:
                continue
            old = column_of[row]
            is_way, closes, end_row, end_column = _make_room(
                row, target, start, column, weight, u, v, column_of, row_of, taken_from
            )
            if not is_way:
                continue
            last = -1
            if old != -1 and not closes:
                last = _fill(row, old, start, column, weight, u, v, column_of, row_of, takes)
                if last == -2:
                    continue
            _move(row, target, old, end_row, end_column, column_of, row_of, taken_from)
            if old != -1 and not closes:
                _move_into(old, last, column_of, row_of, takes)
            break


@njit(cache=True)
def _make_room(first, target, start, column, weight, u, v, column_of, row_of, taken_from):  # type: ignore[no-untyped-def]
    """Find where the row that holds `target` can go, passing others on.

    Gives whether there is a way, whether it ends in the old column of `first`, and its last row and column (-1: none).
    """
    old, holder = column_of[first], row_of[target]
    if holder == -1:
        return True, False, np.int64(-1), np.int64(-1)
    is_seen = np.zeros(v.shape[0], np.bool_)
    is_seen[target] = True
    queue = np.empty(u.shape[0], np.int64)
    queue[0], head, tail = holder, 0, 1
    is_way, end_row, end_column = False, np.int64(-1), np.int64(-1)
    while head < tail:
        row = queue[head]
        head += 1
        if u[row] == 0 and not is_way:
            is_way, end_row, end_column = True, row, np.int64(-1)
        for edge in range(start[row], start[row + 1]):
            j = column[edge]
            if is_seen[j] or weight[edge] + u[row] + v[j] != 0 or -1 < row_of[j] < first:
                continue
            if j == old:
                return True, True, row, j
            if row_of[j] == -1:
                if not is_way:
                    is_way, end_row, end_column = True, row, j
                continue
            is_seen[j] = True
            taken_from[j] = row
            queue[tail] = row_of[j]
            tail += 1
    return is_way, False, end_row, end_column


@njit(cache=True)
def _fill(first, old, start, column, weight, u, v, column_of, row_of, takes):  # type: ignore[no-untyped-def]
    """Find who can take the column that `first` leaves: gives the column that stays free, -2 where there is no way.

    A row that was alone may join as well; then the answer is ``-3 - row``.
    """
    is_seen = np.zeros(v.shape[0], np.bool_)
    is_seen[old] = True
    queue = np.empty(v.shape[0], np.int64)
    queue[0], head, tail = old, 0, 1
    while head < tail:
        free = queue[head]
        head += 1
        if v[free] == 0:
            return free
        for row in range(first + 1, u.shape[0]):
            held = column_of[row]
            if held != -1 and is_seen[held]:
                continue
            for edge in range(start[row], start[row + 1]):
                if column[edge] == free and weight[edge] + u[row] + v[free] == 0:
                    takes[row] = free
                    if held == -1:
                        return -3 - row
                    is_seen[held] = True
                    queue[tail] = held
                    tail += 1
    return -2


@njit(cache=True)
def _move(first, target, old, end_row, end_column, column_of, row_of, taken_from):  # type: ignore[no-untyped-def]
    """Carry out what `_make_room` found."""
    if old != -1:
        row_of[old] = -1
    row, landing = end_row, end_column
    while row != -1:
        left = column_of[row]
        column_of[row] = landing
        if landing != -1:
            row_of[landing] = row
        landing, row = left, (-1 if left == target else taken_from[left])
    column_of[first], row_of[target] = target, first


@njit(cache=True)
def _move_into(old, last, column_of, row_of, takes):  # type: ignore[no-untyped-def]
    """Carry out what `_fill` found, from its end back to the column `old`."""
    if last == old:
        return
    row = -3 - last if last < -2 else row_of[last]
    if last >= 0:
        row_of[last] = -1
    while True:
        gained = takes[row]
        following = row_of[gained]
        column_of[row], row_of[gained] = gained, row
        if gained == old:
            return
        row = following
