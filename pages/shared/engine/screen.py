"""The Engine page on the screen: what to run, the run itself, and what came of it."""

from __future__ import annotations

import html
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.shared import navigation
from pages.shared.chain import Chain
from pages.shared.engine import words
from pages.shared.engine.race import estimate, race
from pages.shared.engine.source import code, code_and_called, in_lines
from pages.shared.engine.verdict import Verdict, judge
from pages.shared.engine.work import PRECISIONS, STEPS, Work, cut_side, missing, prepare
from pages.shared.experiment import Experiment

AT_ONCE = 0.3  # s: what takes less runs unasked
LONG = 2.0  # s: what takes more is offered on a cut-out first

_RESULT, _ASKED, _CALLED_OFF = "engine_result", "engine_asked", "engine_called_off"
_GUESSES = "engine_guesses"

_SETTLING = 0.3  # s: a browser that still lays the page out would share the processor with what is timed unasked
_EVERY = 0.15  # s: how often progress is told
_UNSTEADY = 2.5  # times the quickest run
_LITTLE = 2_000  # operations: fewer are over before a call is

_STYLE = """<style>
.st-key-engine_controls:has(.st-key-engine_stop) .st-key-engine_run { display: none; }
.stHtml dl.ks-engine { display: grid; margin: 0 0 10px; padding: 0; }
.ks-engine { grid-template-columns: repeat(auto-fit, minmax(min(155px, 100%), 1fr)); gap: 10px 24px; }
.ks-engine div { border-top: 2px solid currentColor; padding-top: 6px; }
.ks-engine dt { font-size: 0.875rem; }
.ks-engine dd { margin: 0; font-size: 0.8125rem; overflow-wrap: anywhere; }
.ks-engine dd.ks-figure { font-size: 1.5rem; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; }
.ks-said { margin: 0; font-size: 0.9375rem; }
.ks-code-head :is(p, ul, li) { margin: 0; font-size: 0.875rem; line-height: 1.4; }
.ks-code-head ul { padding-left: 1.1rem; }
@media (min-width: 950px) { .ks-code-head { min-height: 7.5rem; } }
:is(.ks-code-head, .ks-branches) h2 { margin: 0; padding: 10px 0 4px; font-size: 1.0625rem; font-weight: 600; }
.ks-code { overflow: auto; max-height: 29rem; margin: 0; padding: 12px 14px; border-radius: 8px; tab-size: 4; }
.ks-code { background: color-mix(in srgb, currentColor 5%, transparent); }
.stHtml .ks-code code { padding: 0; background: none; color: inherit; }
.ks-code, .stHtml .ks-code code { font: 0.8125rem/1.5 "Source Code Pro", ui-monospace, monospace; }
.ks-code, .stHtml .ks-code code { white-space: pre-wrap; overflow-wrap: anywhere; }
/* A line too long for its column goes on below itself, further in: cut off, its end would be found by nobody. */
.ks-line { --ks-hang: calc((var(--ks-indent) + 4) * 1ch); }
.ks-line { display: block; padding-left: var(--ks-hang); text-indent: calc(-1 * var(--ks-hang)); }
.ks-word { color: light-dark(#9a1152, #ff9cc6); }
.ks-known { color: light-dark(#0b5c8a, #86cdf7); }
.ks-text { color: light-dark(#1d6330, #95d9a6); }
.ks-number { color: light-dark(#8a4300, #f7bd7c); }
.ks-comment { color: light-dark(#55595f, #b4b8be); font-style: italic; }
/* Four steps have room in one line of a phone. */
@media (max-width: 500px) { .st-key-engine_step button { padding-inline: 8px; } }
/* As tall as the selectors it stands beside. */
:is(.st-key-engine_run, .st-key-engine_stop) button { min-height: 2rem; padding-block: 0; }
/* White on the dark theme's bright pink could not be read. */
.st-key-engine_run button { color: light-dark(#fff, #1c1012); }
.st-key-engine_stop button kbd[aria-label] { color: inherit; opacity: 1; }
:is(.ks-code, .ks-ways):focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
.ks-branches p { margin: 6px 0 0; font-size: 0.875rem; }
.ks-ways { overflow-x: auto; }
.ks-ways table { border-collapse: collapse; width: 100%; font-size: 0.875rem; font-variant-numeric: tabular-nums; }
.ks-ways :is(th, td) { padding: 5px 12px 5px 0; text-align: left; vertical-align: top; }
.ks-ways :is(th, td) { border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
.ks-ways td { white-space: nowrap; }
.ks-ways td.ks-cannot { white-space: normal; }
.ks-ways tbody th { min-width: 9.5rem; }
.ks-ways th span { display: block; font-weight: 400; font-size: 0.8125rem; }
.ks-ways .ks-chosen { background: color-mix(in srgb, currentColor 8%, transparent); }
.ks-ways th b { padding: 0 6px; border: 1px solid currentColor; border-radius: 9px; font-size: 0.75rem; }
</style>"""


class _For(NamedTuple):
    """What a result is the result of."""

    experiment: Experiment
    step: str
    dtype: str
    side: int | None

    def same(self, other: _For) -> bool:
        """Whether nothing is another; experiments are told apart by identity, as each edit makes a new one."""
        return self.experiment is other.experiment and self[1:] == other[1:]


@dataclass(frozen=True, eq=False)
class _Result:
    asked: _For
    verdict: Verdict


def show(chain: Chain) -> None:
    """Choose a step, run it and show what came of it."""
    st.html(_STYLE)
    controls = st.container(key="engine_controls", horizontal=True, vertical_alignment="bottom")
    step = controls.segmented_control(
        "Step",
        list(STEPS),
        format_func=STEPS.__getitem__,
        key="engine_step",
        default="conv",
        required=True,
        persist_state="session",
        wrap=True,
    )
    dtype = controls.segmented_control(
        "Precision",
        PRECISIONS,
        key="engine_dtype",
        default="float64",
        required=True,
        persist_state="session",
        help="What the fast path computes in, and what decides which branch it takes. Explore computes in float64.",
    )
    if missing(chain, step):
        _tell_missing(chain, step)
        return
    work = prepare(chain, step, dtype)
    asked = _For(chain.experiment, step, dtype, None)
    expected = _expected(asked, work)
    side = _extent(controls, chain, work, step, dtype) if expected > LONG else None
    if side is not None:
        work, asked = prepare(chain, step, dtype, side), asked._replace(side=side)
        expected = _expected(asked, work)
    button = controls.empty()
    st.html(f"<p class='ks-said'>{html.escape(work.sentence)}</p>")
    # What is there to read already stands while the loops run; what they come to is filled in above and below it.
    told = st.empty()
    _sources(work)
    branches = st.empty()
    verdict = _run(asked, work, expected, button, told)
    if verdict is not None:
        _tell(work, verdict, told)
        if len(work.ways) > 1:
            branches.html(words.table(work, verdict))


def _tell_missing(chain: Chain, step: str) -> None:
    problem = chain.problem
    assert problem is not None
    last = chain.steps[problem.position].title
    st.warning(f"{STEPS[step]} has nothing to work on: the experiment stops before “{last}”. {problem.words}")
    st.page_link(navigation.page("explore"), label="Change it in Explore")


def _expected(asked: _For, work: Work) -> float:
    """About how long the loops will take; guessed once, so that a page near a limit does not go to and fro over it."""
    known: list[tuple[_For, float]] = st.session_state.get(_GUESSES, [])
    for before, seconds in known:
        if before.same(asked):
            return seconds
    seconds = estimate(work.loops)
    # Of other experiments none is kept: they may hold large pictures.
    kept = [each for each in known if each[0].experiment is asked.experiment]
    st.session_state[_GUESSES] = [*kept, (asked, seconds)]
    return seconds


def _extent(controls: DeltaGenerator, chain: Chain, whole: Work, step: str, dtype: str) -> int | None:
    """The side of the cut-out that long work is offered on first, or None for all of it."""
    side = cut_side(chain.experiment)
    if prepare(chain, step, dtype, side).loops.operations >= whole.loops.operations:
        return None
    names = {
        "cut": f"{side} × {side} from the middle",
        "whole": "whole picture" if chain.experiment.on_photo else "whole grid",
    }
    chosen = controls.segmented_control(
        "Run on",
        list(names),
        format_func=names.__getitem__,
        key="engine_extent",
        default="cut",
        required=True,
        persist_state="session",
    )
    return None if chosen == "whole" else side


def _ask() -> None:
    st.session_state[_ASKED] = True


def _call_off() -> None:
    st.session_state[_CALLED_OFF] = True


def _run(asked: _For, work: Work, expected: float, button: DeltaGenerator, told: DeltaGenerator) -> Verdict | None:
    """What comes of what is asked: it is at hand, or it is run where that is quick or was asked for."""
    kept: _Result | None = st.session_state.get(_RESULT)
    verdict = kept.verdict if kept is not None and kept.asked.same(asked) else None
    called_off = st.session_state.pop(_CALLED_OFF, False)
    begun = st.session_state.pop(_ASKED, False)
    if begun or (verdict is None and expected < AT_ONCE and not called_off):
        if expected >= AT_ONCE:
            # A press on Stop, or on any other control, starts the page anew: telling the progress is where it ends.
            button.button("Stop", key="engine_stop", on_click=_call_off, shortcut="Escape")
        elif not begun:
            time.sleep(_SETTLING)
        ways = {way.name: way.run for way in work.ways if way.run}
        verdict = judge(work, race(work.loops, ways, _Progress(told, work, expected)))
        st.session_state[_RESULT] = _Result(asked, verdict)
    button.button("Run again" if verdict else "Run", key="engine_run", type="primary", on_click=_ask)
    if verdict is None:
        stopped = "Called off; nothing was measured. " if called_off else ""
        told.info(f"{stopped}The loops will take {words.about(expected)} here: press Run.")
    return verdict


class _Progress:
    """Tells how far the loops are, but not so often that telling takes longer than they do."""

    def __init__(self, place: DeltaGenerator, work: Work, expected: float) -> None:
        self.place, self.expected = place, expected
        self.rows = math.prod(work.loops.shape[1:3]) if len(work.loops.shape) == 4 else work.loops.shape[1]
        self.kind = "rows" if len(work.loops.shape) == 4 else "scores"
        self.begun = self.last = time.perf_counter()

    def __call__(self, share: float) -> None:
        """Take in which share of the loops' first run is done."""
        now = time.perf_counter()
        if self.expected < AT_ONCE or now - self.last < _EVERY:
            return
        self.last = now
        left = words.about((now - self.begun) * (1 - share) / max(share, 1e-3))
        done = f"The loops: {round(share * self.rows):,} of {self.rows:,} {self.kind}, {left} left"
        self.place.progress(min(1.0, share), done if share < 1 else "The fast paths, in turns")


def _tell(work: Work, verdict: Verdict, place: DeltaGenerator) -> None:
    """The four figures, and what rounding has to do with the last."""
    said = html.escape(words.rounding_words(work, verdict.differences[work.chosen]))
    if work.needed < _LITTLE:
        said += " So little work is over before it matters who does it: take a photograph in Explore and come back."
    fast = verdict.ways[work.chosen]
    if fast.seconds > _UNSTEADY * fast.best:
        said += " The machine was busy with something else meanwhile: run again for steadier times."
    place.html(f"<dl class='ks-engine'>{words.figures(work, verdict)}</dl><p class='ks-said'>{said}</p>")


def _sources(work: Work) -> None:
    """The loops and the way that was taken, side by side, each as it is written."""
    left, right = st.columns(2)
    taken = work.taken
    with left:
        _head(
            f"The textbook's loops: {work.loops.function.__name__}",
            "As cnn_core.reference has it, its docstring left out. The loops always compute in float64.",
            work.around,
        )
        _code("The textbook's loops", code(work.loops.function))
        with st.expander("How the loops are given this experiment"):
            _code("How the loops are given this experiment", code(work.adapter))
    with right:
        _head(f"The fast path: {work.chosen}", taken.does, (work.reason, f"In figures: {work.figures}"))
        _code("The fast path", code_and_called(taken.function))


def _code(label: str, text: str) -> None:
    """Python code; unlike the framework's own it can be scrolled by keyboard, and its colours can be read by all."""
    named = f"tabindex='0' role='region' aria-label='{html.escape(label, quote=True)}, in Python'"
    st.html(f"<pre class='ks-code' {named}><code>{in_lines(text)}</code></pre>")


def _head(title: str, text: str, points: Sequence[str]) -> None:
    items = "".join(f"<li>{html.escape(point)}</li>" for point in points)
    listed = f"<ul>{items}</ul>" if items else ""
    st.html(f"<div class='ks-code-head'><h2>{html.escape(title)}</h2><p>{html.escape(text)}</p>{listed}</div>")
