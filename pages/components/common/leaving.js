/**
 * Whether the visitor is on the way to another page. The framework names the page it shows with every message: one that
 * is sent after a link was pressed, and before the server has answered, would lead back to the page that is left.
 *
 * Each page's head loads this module before the framework draws the first link.
 * @module
 */

const PATIENCE = 5000; // ms: an answer that is not there by then does not come

/** @type {{path: string, time: number} | null} */
let pressed = null;

// The framework takes over its links between our pages; what it leaves alone opens another document. A component's own
// lead to no page: they take a file away.
addEventListener("click", (event) => {
  const link = event.defaultPrevented && event.target instanceof Element ? event.target.closest("a") : null;
  if (link && !link.closest(".ks")) pressed = { path: link.pathname, time: performance.now() };
});
addEventListener("popstate", () => {
  pressed = null; // Back or Forward leads elsewhere
});

/**
 * Each component asks as it is called, so that a link is forgotten on the page it led to: from there a button may lead on.
 * @returns {boolean} whether a link was pressed whose page is not there yet
 */
export function leaving() {
  if (pressed && (pressed.path === location.pathname || performance.now() - pressed.time > PATIENCE)) pressed = null;
  return !!pressed;
}
