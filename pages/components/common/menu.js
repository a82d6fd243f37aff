/**
 * The framework's menu of pages on a narrow window, which lies over the page: closed once a page was chosen in it.
 * @module
 */

const LINK = "[data-testid=stSidebarNavLink]";
const CLOSE = "[data-testid=stSidebarCollapseButton] button";

/** Listen for as long as the document lasts: the menu outlives every page. */
export function closeMenuOnceChosen() {
  // The framework listens further in, and goes to the page first.
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || !event.target.closest(LINK)) return;
    /** @type {HTMLElement | null} */ (document.querySelector(CLOSE))?.click();
  });
}
