"""Pooling down, then across, over a block of whole rows as over one line.

What a window holds is the whole of what its columns hold: ``log2(KH) + log2(KW)`` passes and not ``KH * KW``. A pass
goes over all neighbours of a block as over one line, 0.05 ns a cell near the processor and 0.07 farther off, strides
and the ends of rows notwithstanding; what the strides would leave out is made too and left behind by a copy, rows after
the first pass and columns after the second. A pass that begins anew in each row costs 20 ns a row more, and one that
steps over cells 0.76 ns a cell.
Windows that overhang an end are few: they come out wrong with the others and are put together once more by themselves,
which is cheaper than cells around each plane.
"""

from __future__ import annotations

from functools import lru_cache

from cnn_core.ops._arrays import Array
from cnn_core.ops._copies import as_columns, as_lines
from cnn_core.ops._parts import whole_lines
from cnn_core.ops.pool.steps import Steps
from cnn_core.shapes import Window

# A window that overhangs: its number along an axis, that of one to begin as a copy of, and the cells to bring in.
End = tuple[int, int | None, tuple[int, ...]]

# Lines of shared memory, each as long as a block: what a pass reads, what it keeps and what it writes.
LINES = 4

# Cells of a plane between its first and its last row from which on a pass may begin anew in each plane. With fewer it
# takes longer than one over all as over one line and a copy of the rows that come out wrong.
PLANE_LEAST = 400

# Cells of a block, and rows of a window, for rows to be copied by kind: of fewer cells the calls take longer, and of
# higher windows too.
KINDS_LEAST = 50_000
KINDS_HIGH = range(3, 9)


def shared_size(planes: int, tall: int, width: int, sliding: Window) -> int:
    """Numbers of a line of shared memory for ``planes`` of ``tall`` rows."""
    size = (planes * tall + sliding.padding[0][0]) * (width + 1) + sliding.padding[1][0]
    return whole_lines(size + 1)  # where these begin lines of memory do too, which takes 3 % less


def pool_block(to_do: Steps, top: int, sliding: Window) -> None:
    """``(p, h, W) -> (p, rows, OW)``, the first window ``top`` cells above the first row.

    Args:
        to_do: where the steps are written down; ``LINES`` lines are its shared memory.
        top: how far the first window overhangs.
        sliding: the window.
    """
    target, width = to_do.windows, to_do.cells.shape[2]
    rows, columns = target.shape[1:]
    kernel, step, dilation, left = sliding.kernel_size[1], sliding.stride[1], sliding.dilation[1], sliding.padding[1][0]
    down, used = _down(to_do, rows, top, sliding)
    free = [spare for k, spare in enumerate(to_do.shared) if k != used]
    if _in_threes(kernel, step, dilation, left, width, columns) and down.shape == target.shape:
        _threes_across(to_do, down, free[0], dilation)
        return
    if to_do.adds and kernel == step > 1 and dilation == 1 and left == 0 and columns * step == width:
        _sums_side_by_side(to_do, down, kernel, free[0])
        return
    whole, picked, ends = _ends(kernel, step, dilation, left, width, columns)
    # Window j begins at column j * step - left: lines are written so much further on than they are read from. The
    # first windows of a row are wrong then, and made anew, but all rows are one line to the copy.
    lines = [spare[left : left + down.size] for spare in free]
    into = None
    if step == 1 < kernel and target.shape == down.shape:
        into = target.reshape(-1)[left:]  # the line is the result and needs no copy
    line = _runs(to_do, down.reshape(-1), lines, kernel, dilation, into)
    if into is None and whole.stop > whole.start:
        some, begin = whole, picked.start
        moved = next((spare for spare, part in zip(free, lines, strict=True) if part is line), None)
        if moved is not None:
            # From the beginning of this memory on window j lies in column j * step, that of the first window and all.
            some = slice(0, columns) if columns * step <= down.shape[2] else whole
            line, begin = moved[: down.size], some.start * step
        to_do.copy(*as_columns(target[..., some], line.reshape(down.shape)[:, :rows, begin:], step))
    if ends:
        _finish(to_do, down[:, :rows, :width].transpose(2, 0, 1), target.transpose(2, 0, 1), ends)
    if to_do.means:
        to_do.share(target, target)


def _in_threes(kernel: int, step: int, dilation: int, before: int, size: int, count: int) -> bool:
    """Whether each cell is brought together with the one before and the one behind it, as far as there are any."""
    return kernel == 3 and step == 1 and before == dilation and count == size and size >= 2 * dilation


def _threes_down(to_do: Steps, apart: int) -> tuple[Array, int]:
    """``(p, h, W) -> (p, h, W)``, each row with those ``apart`` above and below, and the line that it is in.

    What the first and the last rows come to is at hand after a pass for two rows each, and is copied.
    """
    cells, shared = to_do.cells, to_do.shared
    _, height, width = cells.shape
    far, line = apart * width, cells.reshape(-1)
    twos, threes = (spare[: cells.size] for spare in shared[:2])
    to_do.combine(line[:-far], line[far:], twos[:-far])
    pairs = twos.reshape(cells.shape)
    last = pairs[:, height - 2 * apart : height - apart]
    if (height - 2 * apart) * width >= PLANE_LEAST:
        to_do.copy(*as_lines(pairs[:, height - apart :], last))
        inner = pairs[:, apart : height - apart]
        to_do.combine(inner, cells[:, : height - 2 * apart], inner)
        return pairs, 0
    to_do.combine(twos[far:], line[:-far], threes[far:])
    whole = threes.reshape(cells.shape)
    to_do.copy(*as_lines(whole[:, :apart], pairs[:, :apart]))
    to_do.copy(*as_lines(whole[:, height - apart :], last))
    return whole, 1


def _threes_across(to_do: Steps, down: Array, free: Array, apart: int) -> None:
    """The same along the rows of ``down``: over all as over one line, and the ends of rows put right.

    Sums that are divided are made in ``free`` memory, near the processor: the result, farther off, is written once.
    """
    target = free[: down.size].reshape(down.shape) if to_do.means else to_do.windows
    line, out = down.reshape(-1), target.reshape(-1)
    columns, windows = down.transpose(2, 0, 1), target.transpose(2, 0, 1)
    to_do.combine(line[:-apart], line[apart:], out[:-apart])
    to_do.copy(windows[-apart:], columns[-apart:])  # the pass that follows brings in the cells before
    to_do.combine(out[apart:], line[:-apart], out[apart:])
    to_do.combine(columns[:apart], columns[apart : 2 * apart], windows[:apart])
    if to_do.means:
        to_do.share(target, to_do.windows)


def _sums_side_by_side(to_do: Steps, down: Array, kernel: int, free: Array) -> None:
    """``(p * rows * OW, KW) @ (KW)``, windows side by side that leave no column out.

    0.18 ns a sum, 0.4 for neighbours added and every second one picked.
    """
    target, pairs = to_do.windows, down.reshape(-1, kernel)
    if len(pairs) == target.size:
        to_do.add_up(pairs, target.reshape(-1))
        return
    sums = free[: len(pairs)]
    to_do.add_up(pairs, sums)
    to_do.copy(target, sums.reshape(*down.shape[:2], -1)[:, : target.shape[1]])


def _down(to_do: Steps, rows: int, top: int, sliding: Window) -> tuple[Array, int]:
    """``(p, h, W) -> (p, rows or more, W or one more)``, and which line of shared memory holds it, -1 for none."""
    cells, shared = to_do.cells, to_do.shared
    kernel, step, dilation = sliding.kernel_size[0], sliding.stride[0], sliding.dilation[0]
    planes, height, width = cells.shape
    # Rows that are copied begin at multiples of 8 bytes, which every second column is picked faster from.
    wide = width + width % 2 if sliding.stride[1] == 2 else width
    side_by_side = step > 1 == dilation and step <= kernel <= step + 1
    if side_by_side and kernel in KINDS_HIGH and cells.size >= KINDS_LEAST:
        return _down_by_kind(to_do, rows, top, step, kernel > step, wide), 1
    if _in_threes(kernel, step, dilation, top, height, rows):
        return _threes_down(to_do, dilation)
    whole, picked, ends = _ends(kernel, step, dilation, top, height, rows)
    in_place = step == 1 and rows <= height
    lead = top * width if in_place else 0
    lines = [spare[lead : lead + cells.size] for spare in shared]
    line = _runs(to_do, cells.reshape(-1), lines[1:], kernel, dilation * width)
    used = 0
    if in_place:
        # Window i begins at row i - top: the same memory, read from so much earlier on.
        used = next((k for k, spare in enumerate(lines) if spare is line), -1)
        down: Array = (shared[used, : cells.size] if lead else line).reshape(cells.shape)
    else:
        down = shared[0, : planes * rows * wide].reshape(planes, rows, wide)
        to_do.copy(*as_lines(down[:, whole, :width], line.reshape(cells.shape)[:, picked]))
    if ends:
        _finish(to_do, cells.transpose(1, 0, 2), down[..., :width].transpose(1, 0, 2), ends)
    return down, used


def _down_by_kind(to_do: Steps, rows: int, top: int, step: int, shares: bool, wide: int) -> Array:
    """``(p, h, W) -> (p, rows or one more, wide)`` of ``step`` rows each, or one that it ``shares`` more, in line 1.

    Rows of a kind, ``step`` apart, are copied side by side, so that no pass goes over what a stride leaves out, and
    around them are rows of nothing, so that no window overhangs: of 3×3 at every second cell of 64×112×112, 82 µs and
    not 118. A row that a window shares with the next is the next one's first.
    """
    cells, shared = to_do.cells, to_do.shared
    planes, height, width = cells.shape
    high = rows + shares
    size = planes * high * wide
    for kind in range(step):
        # Row i of this kind is the image's row i * step - top + kind.
        met = high if kind == 0 else rows
        first = min(met, -(-max(0, top - kind) // step))
        last = max(first, min(met, (height - 1 + top - kind) // step + 1))
        begin = first * step - top + kind
        line = shared[min(kind, 2), :size]
        blocks = line.reshape(planes, high, wide)
        if last > first:
            source = cells[:, begin : begin + (last - first - 1) * step + 1 : step]
            to_do.copy(*as_lines(blocks[:, first:last, :width], source))
        for outside in (blocks[:, :first], blocks[:, last:met]):
            if outside.size:
                to_do.clear(outside)
        if kind:
            to_do.combine(shared[min(kind - 1, 1), :size], line, shared[1, :size])
    if shares:
        here = shared[1, : size - wide]
        to_do.combine(here, shared[0, wide:size], here)
    return shared[1, :size].reshape(planes, high, wide)


@lru_cache(maxsize=256)
def _ends(
    kernel: int, step: int, dilation: int, before: int, size: int, count: int
) -> tuple[slice, slice, tuple[End, ...]]:
    """Along an axis, which windows overhang neither end, where these begin, and how the others are put together.

    What an overhanging window has inside begins at the end, and the less it overhangs, the more there is of it: so it
    begins as a copy of the one before it whose taps fall on the same cells.
    """
    reach = (kernel - 1) * dilation
    starts = [i * step - before for i in range(count)]
    first = min(count, -(-before // step))
    last = max(first, min(count, (size + before - reach - 1) // step + 1))
    begin = first * step - before
    ends: list[End] = []
    for some, towards in ((range(first), 1), (range(count - 1, last - 1, -1), -1)):
        had: dict[int, tuple[int, int]] = {}
        for i in some:
            cells = [cell for cell in range(starts[i], starts[i] + reach + 1, dilation) if 0 <= cell < size][::towards]
            known, many = had.get(starts[i] % dilation, (None, 0))
            ends.append((i, known, tuple(cells[many:])))
            if cells:
                had[starts[i] % dilation] = i, len(cells)
    return slice(first, last), slice(begin, begin + (last - first) * step, step), tuple(ends)


def _finish(to_do: Steps, cells: Array, out: Array, ends: tuple[End, ...]) -> None:
    """Put the overhanging windows together, all along the first axis."""
    for i, known, more in ends:
        target, parts = out[i], [cells[cell] for cell in more]
        if known is not None:
            parts.insert(0, out[known])
        if len(parts) > 1:
            to_do.combine(parts[0], parts[1], target)  # of columns, half the time of a copy and a sum
        elif parts:
            to_do.copy(target, parts[0])
        else:
            to_do.clear(target)
        for part in parts[2:]:
            to_do.combine(target, part, target)


def _runs(to_do: Steps, line: Array, lines: list[Array], count: int, apart: int, into: Array | None = None) -> Array:
    """From each cell of ``line`` on, ``count`` cells brought together that lie ``apart``; the end means nothing.

    Runs of 2, 4, 8, ... cells are made of two runs half as long, and one of 7 of those of 1, 2 and 4. The three
    ``lines``, as long, are written to, ``line`` only where it is one of them. The last pass goes ``into`` memory of
    its own if that is given, as far as it reaches, for a ``count`` above 1; so do the longest runs, which leaves a line
    less to keep near the processor: 3×3 on 64×56×56 takes 116 µs and not 125.
    """

    def joined(first: Array, second: Array, shift: int, out: Array) -> Array:
        size = min(max(0, len(line) - shift), len(out))
        if size:
            to_do.combine(first[:size], second[shift : shift + size], out[:size])
        return out

    def spare() -> Array:
        return next(each for each in lines if each is not runs and each is not have)

    runs = have = line
    length, covered = 1, count & 1
    while 2 * length <= count:
        last = 4 * length > count
        runs = joined(runs, runs, length * apart, into if last and into is not None else spare())
        length *= 2
        if last and covered:
            # The longest run is not needed again: where it lies, the result takes no more room near the processor.
            return joined(runs, have, length * apart, runs if into is None else into)
        if count & length:
            have = joined(have, runs, covered * apart, spare()) if covered else runs
            covered += length
    return have
