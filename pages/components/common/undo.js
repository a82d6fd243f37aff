/**
 * Undo and redo: their two buttons, and the keys that are the same everywhere on a page.
 * @module
 */

import { h } from "./dom.js";

export class Undo {
  /** @param {{send: (edit: any) => void, ready: () => boolean}} on `ready`: whether there is a page to undo something of */
  constructor(on) {
    this.on = on;
    const button = (/** @type {string} */ op, /** @type {string} */ sign, /** @type {string} */ word, /** @type {string} */ keys) =>
      h("button", { type: "button", class: "ks-button", title: keys, onclick: () => on.send({ op }) }, sign, h("span", { class: "ks-word", text: ` ${word}` }));
    this.undo = button("undo", "↶", "Undo", "Ctrl+Z");
    this.redo = button("redo", "↷", "Redo", "Ctrl+Shift+Z");
    this.element = h("div", { class: "ks-history", role: "group", "aria-label": "History" }, this.undo, this.redo);
    this.onKey = (/** @type {KeyboardEvent} */ event) => this.#key(event);
  }

  /** Take the keys from now on. @param {HTMLElement} root of the page */
  enter(root) {
    this.root = root;
    document.addEventListener("keydown", this.onKey);
  }

  leave() {
    document.removeEventListener("keydown", this.onKey);
  }

  /** @param {{undo: boolean, redo: boolean}} history whether there is something to undo, or to do again */
  describe({ undo, redo }) {
    this.undo.setAttribute("aria-disabled", String(!undo));
    this.redo.setAttribute("aria-disabled", String(!redo));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || !(event.target instanceof Element)) return;
    // Where words are written, what is undone is the writing. Elsewhere than on the page is where its link had the focus.
    const own = this.root.contains(event.target) ? "dialog, .ks-words" : "dialog, [role=dialog], input, textarea, [contenteditable]";
    if (event.target.closest(own)) return;
    const key = event.key.toLowerCase();
    if ((key !== "z" && key !== "y") || !this.on.ready()) return;
    event.preventDefault();
    this.on.send({ op: key === "y" || event.shiftKey ? "redo" : "undo" });
  }
}
