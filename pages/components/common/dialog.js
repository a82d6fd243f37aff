/**
 * The one dialog of a page: left by Escape, by its button or by a click beside it, with everything as it was.
 * @module
 */

import { h, setText } from "./dom.js";

export class Dialog {
  /** @param {() => void} [closed] */
  constructor(closed = () => {}) {
    this.body = h("div", { class: "ks-dialog-body" });
    this.title = h("h2");
    const close = h("button", { type: "button", class: "ks-button", "aria-label": "Close", text: "×", onclick: () => this.close() });
    this.element = h("dialog", { class: "ks-dialog", "aria-label": "" }, h("header", {}, this.title, close), this.body);
    this.element.addEventListener("close", closed);
    this.element.addEventListener("click", (event) => {
      if (event.target === this.element) this.close();
    });
  }

  get isOpen() {
    return this.element.open;
  }

  /** @param {string} title @param {...Node} children */
  open(title, ...children) {
    if (!this.element.isConnected) return; // its page was left while what it shows was fetched
    setText(this.title, title);
    this.element.setAttribute("aria-label", title);
    this.body.replaceChildren(...children);
    this.element.showModal();
    this.element.scrollTop = 0; // it was left further down, or its focus is
  }

  close() {
    this.element.close();
  }
}
