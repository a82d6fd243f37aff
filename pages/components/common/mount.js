/**
 * A component's life in the framework: its function is called at mount and again at every change of data or theme.
 * @module
 */

import { copyWithKeyboardsMinus } from "./copied.js";
import { closeMenuOnceChosen } from "./menu.js";

closeMenuOnceChosen(); // every page has a component
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
 * @returns {(component: any) => () => void} what the framework calls; its answer is the clean-up at unmount
 */
export function mounter(make) {
  /** @type {WeakMap<Element, Mounted>} */
  const mounted = new WeakMap();
  return ({ parentElement, data, setStateValue }) => {
    let view = mounted.get(parentElement);
    if (view?.takes && !view.takes(data)) {
      view.leave();
      view = undefined;
    }
    if (!view) {
      view = make(parentElement);
      mounted.set(parentElement, view);
    }
    view.receive(data, setStateValue);
    return () => {
      mounted.get(parentElement)?.leave();
      mounted.delete(parentElement);
    };
  };
}
