/**
 * A component's life in the framework: its function is called at mount and again at every change of data or theme.
 * @module
 */

import { copyWithKeyboardsMinus } from "./copied.js";
import { leaving } from "./leaving.js";
import { closeMenuOnceChosen, goByDoors } from "./menu.js";

closeMenuOnceChosen(); // every page has a component
goByDoors();
copyWithKeyboardsMinus();

/**
 * @typedef {{
 *   receive: (data: Uint8Array, setStateValue: (name: string, value: any) => void) => void,
 *   leave: () => void,
 *   takes?: (data: Uint8Array) => boolean,
 * }} Mounted
 */

/**
 * @param {(parent: HTMLElement) => Mounted} make
 * @returns {(component: any) => () => void} what the framework calls; its answer is the clean-up of that one call
 */
export function mounter(make) {
  /** @type {WeakMap<Element, {view: Mounted, calls: number}>} */
  const mounted = new WeakMap();
  return ({ parentElement, data, setStateValue }) => {
    // The framework loads modules while the page goes on: by now the visitor may have left it.
    if (!parentElement.isConnected) return () => {};
    leaving(); // forgets the link that led here
    let entry = mounted.get(parentElement);
    if (entry?.view.takes && !entry.view.takes(data)) {
      entry.view.leave();
      entry = undefined;
    }
    if (!entry) {
      entry = { view: make(parentElement), calls: 0 };
      mounted.set(parentElement, entry);
    }
    const { view } = entry;
    entry.calls += 1;
    const call = entry.calls;
    view.receive(data, (name, value) => {
      if (!leaving()) setStateValue(name, value);
    });
    return () => {
      // A call that another overtook while modules were loading is cleaned up as well: the view is the newest one's.
      const current = mounted.get(parentElement);
      if (current?.view !== view || current.calls !== call) return;
      view.leave();
      mounted.delete(parentElement);
    };
  };
}
