/**
 * What the browser's tab remembers while it is open, over page switches and reloads.
 * @module
 */

/**
 * @template T
 * @param {string} name
 * @param {T} otherwise what it is where nothing was remembered, or the browser forbids it
 * @returns {T}
 */
export function recall(name, otherwise) {
  try {
    return JSON.parse(sessionStorage.getItem(name) ?? "null") ?? otherwise;
  } catch {
    return otherwise;
  }
}

/** @param {string} name @param {any} value that JSON can hold */
export function remember(name, value) {
  try {
    sessionStorage.setItem(name, JSON.stringify(value));
  } catch {
    // A browser may forbid it, or be full: then this page alone knows.
  }
}

/** The address that the document was loaded by: by now another page may be on it. */
export function loadedAddress() {
  return new URL(performance.getEntriesByType("navigation")[0]?.name ?? window.location.href);
}

/**
 * Have the page's address tell something more, or something else, without another step of the history.
 * @param {(url: URL) => void} tell
 */
export function tellAddress(tell) {
  const url = new URL(window.location.href);
  tell(url);
  if (url.href !== window.location.href) window.history.replaceState(window.history.state, "", url.href);
}
