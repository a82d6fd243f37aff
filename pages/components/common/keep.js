/**
 * What outlives the page: the address always holds what is on screen, and a reload finds its way back to the
 * very session, uploaded picture and undo included.
 * @module
 */

import { tellFolded } from "./folded.js";
import { leaving } from "./leaving.js";
import { tellLook } from "./looked.js";
import { loadedAddress, recall, remember } from "./visit.js";

const KEPT = "kernelscope";

/**
 * @typedef {{name: string, others: string[], code: string | null, missing: string}} Link  as pages/shared/message.py
 *   describes it; `others`: parameters that hold what other pages show
 */

/**
 * The address of an experiment, of how its maps are coloured and of what is folded away.
 * @param {Link} link
 * @returns {string}
 */
export function addressOf({ name, others, code }) {
  const url = new URL(window.location.href);
  for (const other of others) url.searchParams.delete(other);
  if (code) url.searchParams.set(name, code);
  else url.searchParams.delete(name);
  tellLook(url);
  tellFolded(url, name);
  return url.href;
}

/**
 * Write what is on screen into the address, without a step to go back over where the browser's Back would undo an edit.
 * @param {Link} link
 * @param {string} session
 * @param {boolean} goesOn whether Back is to lead to what was on screen before
 */
export function keep(link, session, goesOn) {
  const address = addressOf(link);
  if (address !== window.location.href) window.history[goesOn ? "pushState" : "replaceState"](window.history.state, "", address);
  remember(KEPT, { session, name: link.name, code: link.code ?? "" });
}

/**
 * The session that this tab showed before the page was loaded: again, or by an address that holds nothing, as whoever
 * types another page's asks for that page and not to begin anew. Null where the address holds something else, which is
 * what is to be shown. What counts is the address that was loaded: whoever left for another page since then, before this
 * one could ask, has another one by now.
 * @param {Link} link
 * @returns {string | null}
 */
function sessionBefore({ name, others }) {
  const before = recall(KEPT, null);
  const loaded = loadedAddress().searchParams;
  const held = [name, ...others].filter((each) => loaded.get(each));
  const same = before && held.every((each) => each === before.name && loaded.get(each) === before.code);
  return same ? before.session : null;
}

/**
 * At a page's first message: ask for the session that this tab showed before the page was loaded.
 * @param {{link: Link, session: string}} header
 * @param {import("./channel.js").Channel} channel
 * @returns {boolean} whether there was one to ask for, here or on the page that is on its way
 */
export function takeUp({ link, session }, channel) {
  const before = sessionBefore(link);
  const found = !!before && before !== session;
  // The next page is on its way: were it answered before the session is found, it would show a new one and not know.
  if (found && !leaving()) channel.resume(before);
  return found;
}
