"""What frames the pages: the heading with its two sentences, and the door for a photograph."""

import html

import streamlit as st

from pages.shared.session import Session

# Streamlit's own spacing leaves the first map far down the page; the uploader is reduced to its button.
_STYLE = """<style>
.stMainBlockContainer { padding: 3.75rem 2rem 2rem; }
.stMainBlockContainer > .stVerticalBlock { gap: 0.75rem; }
/* The component's own button opens this one, so that upload stands beside the input it replaces. */
.st-key-photo { position: absolute; visibility: hidden; width: 1px; height: 1px; overflow: hidden; }
/* A component that draws nothing takes no room. */
.st-key-keeper { position: absolute; max-width: 0; }
/* Streamlit fades all that a long run has not drawn anew, the component's own word on what is going on included. Where
   that is said, nothing need fade. */
.stMain:has(.ks-busy:not([hidden])) [data-stale="true"] { opacity: 1; transition: none; }
/* The bar above lies over the page: what is scrolled to stops below it. Its links show where the focus is, and so
   does the page itself, which scrolls by the arrow keys while it has it. */
.stMain { scroll-padding-top: 4.5rem; }
.stMain:focus-visible { outline: 2px solid currentColor; outline-offset: -4px; }
.stAppHeader a:focus-visible { outline: 2px solid currentColor; outline-offset: 2px; }
/* On a narrow window the pages lie behind two arrows, which alone do not say so. */
[data-testid="stExpandSidebarButton"] { gap: 4px; width: auto; min-height: 40px; padding: 0 10px 0 0; }
[data-testid="stExpandSidebarButton"]::after { content: "Pages"; font-size: 0.9375rem; }
.ks-heading { display: flex; flex-wrap: wrap; gap: 0 14px; align-items: baseline; }
.ks-heading h1 { padding: 0; font-size: 1.5rem; font-weight: 650; letter-spacing: -0.01em; }
.ks-heading p { margin: 0; font-size: 0.9375rem; }
.ks-heading a { color: inherit; text-underline-offset: 3px; }
/* At the right of these the component puts undo, redo, link and take away. */
@media (min-width: 950px) {
  .ks-heading.ks-beside { flex-wrap: nowrap; min-height: 46px; }
  .ks-heading p { flex: 1; }
  .stMain:has(.ks:not(.ks-stacked)) .ks-heading.ks-beside { padding-right: 450px; }
}
/* Where columns stand side by side on a tablet too, it is undo, redo and link alone: from the widths of
   convolution/sizes.js on, the page's padding added; on a phone on its side, the second. */
@media (min-width: 744px) and (max-width: 949px) and (min-height: 501px), (min-width: 924px) and (max-width: 949px) {
  .ks-heading.ks-tablet { flex-wrap: nowrap; padding-right: 225px; }
  .ks-heading.ks-tablet p { flex: 1; }
}
/* From here on stages stand side by side, as a rule: the heading does not wait for them to say so. */
@media (min-width: 1160px) { .ks-heading.ks-beside { padding-right: 450px; } }
/* Nor does it take rows of its own where there are few: on a phone on its side */
@media (min-width: 641px) and (max-height: 500px) {
  .stMainBlockContainer { padding-top: 3.25rem; }
  .ks-heading { flex-wrap: nowrap; }
  .ks-heading h1 { padding-block: 0; font-size: 1.375rem; line-height: 1.3; }
  .ks-heading p { font-size: 0.8125rem; line-height: 1.35; }
}
.ks-finger { display: none; }
@media (hover: none) { .ks-mouse { display: none; } .ks-finger { display: inline; } }
@media (max-width: 640px) {
  .stMainBlockContainer { padding: 3.5rem 0.9rem 1rem; }
  .ks-heading h1 { margin: 0 0 2px; font-size: 1.25rem; line-height: 1.3; }
  .ks-heading p { font-size: 0.8125rem; line-height: 1.35; }
}
</style>"""


_NO_BAR = {"displayModeBar": False}  # the bar of buttons would lie over a small chart


def heading(
    title: str,
    what: str,
    first: str,
    touch: str,
    *,
    beside: bool = False,
    tablet: bool = False,
    door: tuple[str, str, str] | None = None,
) -> None:
    """Say what the page is and what to try first.

    Args:
        title: the page's heading.
        what: one sentence on what this is.
        first: one sentence on what to try first, with a mouse.
        touch: the same for a finger.
        beside: whether the component below has buttons to put at the heading's right.
        tablet: whether it puts them there on a tablet too.
        door: a question, the page that answers it, and what its link says.
    """
    title, what, first, touch = (html.escape(text) for text in (title, what, first, touch))
    tried = f'<b class="ks-mouse">{first}</b><b class="ks-finger">{touch}</b>'
    if door is not None:
        asked, page, link = (html.escape(text) for text in door)
        # By keyboard the page's own link above leads there, and the first Tab below it is for what skips the controls.
        tried += f' <span>{asked} <a class="ks-door" href="{page}" tabindex="-1">{link}</a></span>'
    kind = "ks-heading" + " ks-beside" * beside + " ks-tablet" * tablet
    st.html(f'{_STYLE}<header class="{kind}"><h1>{title}</h1><p>{what} {tried}</p></header>')


def large(kept: Session) -> None:
    """Show the stage that was asked for in a dialog: with axes, and with a histogram of its numbers."""
    if not kept.large:
        return
    from pages.shared import figures  # noqa: PLC0415 - half a second of start-up that only this dialog needs

    with kept.lock:
        view, plane, dark, touch = kept.large
        asked = figures.shown(kept.chain, view, kept.output, plane)
        kept.large = None
    if asked is None:
        return
    title, values = asked
    map_, bars = figures.heatmap(values, dark=dark), figures.histogram(values)
    if touch:
        for figure in (map_, bars):
            figures.hold_still(figure)
    config = {**_NO_BAR, "scrollZoom": not touch}

    @st.dialog(title, width="large")
    def dialog() -> None:
        st.plotly_chart(map_, key="large_map", config=config)
        told = f"{values.size:,} numbers from {values.min():.6g} to {values.max():.6g}, mean {values.mean():.6g}"
        st.markdown(told.replace("-", "−"))
        st.plotly_chart(bars, key="large_histogram", config=config)

    dialog()


def photo_door(kept: Session, *, learning: bool = False) -> None:
    """Offer to upload a picture, a scenario, a kernel or a lesson, and take it in; else the session says why not.

    Args:
        kept: the visitor's session.
        learning: whether what comes in is for the lesson that is open.
    """

    def take_in() -> None:
        upload = st.session_state["photo"]
        if upload is not None:
            kept.take_in(upload.getvalue(), upload.name, learning=learning)

    # Any file may be tried: the core tells pictures from the rest, with a better sentence than a list of endings.
    st.file_uploader("Your own photograph", key="photo", on_change=take_in, label_visibility="collapsed")
