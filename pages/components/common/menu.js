/**
 * The framework's menu of pages: on a narrow window it lies over the page, and is closed once a page was chosen in it.
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

/**
 * The framework's own link to one of our pages, which changes pages without loading the document again.
 * @param {string} path as the address ends: "/learn", or "/" for the first page
 * @returns {HTMLElement | null} null where the framework shows none
 */
export function doorTo(path) {
  return document.querySelector(`header a[href$="${path}"], [data-testid="stSidebarNav"] a[href$="${path}"]`);
}
