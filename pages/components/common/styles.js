/**
 * A component's stylesheets: fetched as files, once a page. Sent along with the component they would travel again with
 * every answer to an edit, and be most of its bytes.
 * @module
 */

/** @type {Map<string, Promise<void>>} */
const asked = new Map();

/**
 * @param {string[]} addresses beside a module, such as `new URL("./explore.css", import.meta.url).href`
 * @returns {Promise<void[]>} once all of them apply; a missing one leaves a page plain and does not keep it from showing
 */
export function styled(addresses) {
  return Promise.all(addresses.map((address) => asked.get(address) ?? asked.set(address, applied(address)).get(address)));
}

/** @param {string} address @returns {Promise<void>} */
function applied(address) {
  return new Promise((resolve) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = address;
    link.onload = link.onerror = () => resolve();
    document.head.append(link);
  });
}
