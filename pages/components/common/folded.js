/**
 * Whether what comes after Explore's maps is folded away: the tab remembers it, and the address of an experiment tells it
 * to whoever opens the link. An address without it, as the older ones are, says nothing about it.
 * @module
 */

import { loadedAddress, recall, remember, tellAddress } from "./visit.js";

const KEPT = "kernelscope-tail";
const PARAMETER = "tail"; // of the address
const FOLDED = "folded";
const EXPERIMENT = "x"; // the parameter of Explore's own work; a lesson says itself what is seen

/** Once, as whoever folds or unfolds since has chosen. */
if (loadedAddress().searchParams.get(PARAMETER) === FOLDED) remember(KEPT, true);

/** @returns {boolean} */
export function tailFolded() {
  return recall(KEPT, false) === true;
}

/** @param {boolean} now */
export function rememberFolded(now) {
  remember(KEPT, now);
  tellAddress((url) => tellFolded(url, EXPERIMENT));
}

/** Have an address tell it. @param {URL} url @param {string} name of the parameter that holds what is on the page */
export function tellFolded(url, name) {
  if (name === EXPERIMENT && tailFolded()) url.searchParams.set(PARAMETER, FOLDED);
  else url.searchParams.delete(PARAMETER);
}
