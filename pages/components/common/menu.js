/**
 * The framework's menu of pages: on a narrow window it lies over the page, and is closed once a page was chosen in it;
 * its links are how other pages are gone to.
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

const OURS = "a.ks-door";

/** Links to other pages in our own words go by the framework's: that keeps the session, and is quicker. */
export function goByDoors() {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest(OURS) : null;
    const door = link && doorTo(`/${link.getAttribute("href")}`);
    if (!door || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    door.click();
  });
}
