/**
 * How maps are coloured, beside what is on them: the tab remembers it for all its pages, and the address tells it to
 * whoever opens the link. An address without it, as the older ones are, says nothing about it.
 * @module
 */

import { loadedAddress, recall, remember } from "./visit.js";

/** @typedef {{sharing: string, colours: string}} Looked */

const KEPT = "kernelscope-look";
const PARAMETER = "look"; // of the address
export const SHARING = { shared: "scale: shared", stage: "scale: per stage", map: "scale: per map" };
export const COLOURS = { auto: "colours: by sign", diverging: "colours: diverging", cividis: "colours: sequential", grey: "colours: grey" };

/** What the address that was loaded asks for comes before what the tab remembers; once, as whoever chose since has chosen. */
const told = loadedAddress().searchParams.get(PARAMETER);
if (told) {
  const [sharing, colours] = told.split(".");
  rememberLook(known({ sharing, colours }));
}

/** Each choice as it is, or as it is at first where there is none of that name. @param {Partial<Looked>} look @returns {Looked} */
function known({ sharing = "", colours = "" }) {
  return { sharing: Object.hasOwn(SHARING, sharing) ? sharing : "shared", colours: Object.hasOwn(COLOURS, colours) ? colours : "auto" };
}

/** @returns {Looked} */
export function looked() {
  return known(recall(KEPT, {}));
}

/** @param {Looked} look */
export function rememberLook(look) {
  remember(KEPT, look);
}

/** Have an address tell it, where it is another than at first. @param {URL} url */
export function tellLook(url) {
  const { sharing, colours } = looked();
  if (sharing === "shared" && colours === "auto") url.searchParams.delete(PARAMETER);
  else url.searchParams.set(PARAMETER, `${sharing}.${colours}`);
}
