"""Times, counts and differences as the Engine page writes them."""

from __future__ import annotations

import html
import math

import numpy as np

from pages.shared.describe import counted
from pages.shared.engine.verdict import Difference, Verdict
from pages.shared.engine.work import Work


def duration(seconds: float) -> str:
    """Milliseconds, or seconds from one on, to three digits."""
    return f"{digits(seconds)} s" if seconds >= 1 else f"{digits(seconds * 1000)} ms"


def about(seconds: float) -> str:
    """A time that is only guessed: to one digit, in words."""
    if seconds < 1:
        return "less than a second"
    if seconds < 90:
        return f"about {max(1, round(seconds)) if seconds < 10 else round(seconds / 5) * 5:.0f} s"
    return f"about {round(seconds / 60):.0f} minutes"


def digits(number: float) -> str:
    """Three digits that count, thousands set apart, no power of ten: 0.0123, 1.23, 1,240."""
    if not number:
        return "0"
    places = 2 - int(np.floor(np.log10(abs(number))))
    return f"{round(number, places):,.{max(0, places)}f}"


def small(number: float) -> str:
    """A difference: 0, or two digits, and a power of ten where they are not near 1."""
    if not number:
        return "0"
    plain = float(f"{number:.1e}")  # rounded first: 9.96 is 10
    if 0.1 <= plain < 100:
        return f"{number:.{1 - math.floor(math.log10(plain))}f}"
    mantissa, power = f"{number:.1e}".split("e")
    return f"{mantissa} × 10{str(int(power)).translate(_RAISED)}"


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def rate(count: int, seconds: float, unit: str) -> str:
    """Operations a second, in millions or billions."""
    each = count / max(seconds, 1e-12)
    for word, factor in (("billion", 1e9), ("million", 1e6)):
        if each >= factor:
            return f"{digits(each / factor)} {word} {unit} a second"
    return f"{digits(each)} {unit} a second"


def rounding_words(work: Work, found: Difference) -> str:
    """What of a difference rounding can explain."""
    if not found.largest:
        if work.sizes is None:
            return "No cell differs: numbers are only compared, and nothing is rounded."
        return "No cell differs, to the last bit: both add in the same order, or no sum had to be rounded."
    what = f"{small(found.largest)} at {work.name(found.where)}"
    if work.sizes is None:
        return f"Cells differ by up to {what}, though nothing is rounded here: one of the two is wrong."
    eps = float(np.finfo(work.dtype).eps)
    why = (
        "the two add in another order"
        if work.dtype == "float64"
        else "the loops add in float64, the fast path does not"
    )
    if found.explained and found.largest <= found.once:
        half = "half of " if work.dtype == "float32" else ""
        much = f"{half}ε = {small(eps)} times the sum of the products' magnitudes"
        return (
            f"Cells differ by up to {what}. Rounding each product once, before any sum is rounded, explains up to "
            f"{small(found.once)} there: {much}. {why.capitalize()}."
        )
    terms = f"n = {work.terms:,} terms, the bias one of them"
    bound = f"4·n·ε·Σ|product| = {small(found.bound)} there, with {terms}, and ε = {small(eps)}"
    if found.explained:
        return f"Cells differ by up to {what}. Rounding explains up to {bound}: {why}."
    return f"Cells differ by up to {what}: more than rounding explains, {bound}."


def table(work: Work, verdict: Verdict) -> str:
    """Every way as a row: its name, how it works, its time and its largest difference, as HTML."""
    quickest = min(timing.seconds for timing in verdict.ways.values())
    rows = []
    for way in work.ways:
        chosen = way.name == work.chosen
        mark = " <b>chosen</b>" if chosen else ""
        timing = verdict.ways.get(way.name)
        said = f"<span>{html.escape(way.does)}</span>"
        if chosen and timing is not None and timing.seconds > quickest:
            why = work.reason.partition(":")[0].rstrip(".")  # what follows stands in full by its code
            said += f"<span>Not the quickest here. {html.escape(why)}.</span>"
        name = f"<th scope='row'>{html.escape(way.name)}{mark}{said}</th>"
        if timing is None:
            rest = f"<td colspan='3' class='ks-cannot'>cannot do this: {html.escape(way.why_not)}</td>"
        else:
            times = f"{digits(timing.seconds / quickest)} ×" if timing.seconds > quickest else "quickest"
            found = verdict.differences[way.name]
            rest = f"<td>{duration(timing.seconds)}</td><td>{times}</td><td>{small(found.largest)}</td>"
        rows.append(f"<tr class='{'ks-chosen' if chosen else ''}'>{name}{rest}</tr>")
    once = all(timing.runs == 1 for timing in verdict.ways.values())
    runs = "one run of each" if once else "in turns, the median of each"
    names = ("branch", "time", "against the quickest", "largest difference")
    heads = "".join(f"<th scope='col'>{text}</th>" for text in names)
    return (
        "<section class='ks-branches'><h2>Every branch, forced on these numbers and held against the loops</h2>"
        "<div class='ks-ways' tabindex='0' role='region' aria-label='Every branch'>"
        f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
        f"<p>Measured here and now, {runs}; checks of shapes and the choice are left out.</p>"
        "</section>"
    )


def figures(work: Work, verdict: Verdict) -> str:
    """The two times, their ratio and the largest difference, as HTML."""
    loops, fast, found = verdict.loops, verdict.ways[work.chosen], verdict.differences[work.chosen]
    contenders = (
        ("The loops", loops, work.loops.operations),
        (f"The fast path: {work.chosen}", fast, work.needed),
    )
    shown = []
    for name, timing, count in contenders:
        runs = f"median of {timing.runs} runs, quickest {duration(timing.best)}" if timing.runs > 1 else "one run"
        shown.append((name, duration(timing.seconds), f"{rate(count, timing.seconds, work.unit)}; {runs}"))
    times = digits(loops.seconds / fast.seconds)
    shown.append(("Ratio", f"{times} ×", f"the loops take {times} times as long"))
    cells = int(np.prod(work.loops.shape))
    where = f"at {work.name(found.where)}" if found.largest else f"in any of {counted(cells, 'cell')}"
    shown.append(("Largest difference", small(found.largest), where))
    return "".join(
        f"<div><dt>{html.escape(name)}</dt><dd class='ks-figure'>{figure}</dd><dd>{html.escape(told)}</dd></div>"
        for name, figure, told in shown
    )
