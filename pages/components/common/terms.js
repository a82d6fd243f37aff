/**
 * The list of a sum's terms under the hand: a press, the Enter key and the arrow keys.
 * @module
 */

/** All of a term's card does what its small arrow does; to choose its digits, to copy them, is no press. @param {HTMLElement} item @param {HTMLElement} button */
export function opensBy(item, button) {
  item.classList.add("ks-opens");
  item.addEventListener("click", (event) => {
    if (event.target instanceof Node && !button.contains(event.target) && getSelection()?.isCollapsed !== false) button.click();
  });
  entersTo(item, button);
}

/** The Enter key on a term does what its button does. @param {HTMLElement} item @param {HTMLElement} button */
export function entersTo(item, button) {
  item.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target !== item) return;
    event.preventDefault();
    button.click();
  });
}

/** Arrow keys lead from term to term. @param {KeyboardEvent} event @param {HTMLElement} list */
export function walk(event, list) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const items = /** @type {HTMLElement[]} */ ([...list.children]);
  const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  if (!step || at < 0) return;
  event.preventDefault();
  const next = items[Math.min(items.length - 1, Math.max(0, at + step))];
  items[at].tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}
