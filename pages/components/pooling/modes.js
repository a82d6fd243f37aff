/**
 * One of a few ways to look, side by side: a radio group of buttons.
 * @module
 */

import { h, setText } from "../common/dom.js";

export class Modes {
  /** @param {string} label @param {(value: string) => void} choose */
  constructor(label, choose) {
    this.choose = choose;
    this.element = h("div", { class: "ks-modes", role: "radiogroup", "aria-label": label });
    /** @type {{value: string, button: HTMLButtonElement}[]} */
    this.buttons = [];
    this.element.addEventListener("keydown", (event) => this.#walk(event));
  }

  /** @param {{value: string, label: string}[]} options @param {string} chosen */
  offer(options, chosen) {
    while (this.buttons.length < options.length) {
      const button = h("button", { type: "button", role: "radio", class: "ks-button" });
      const one = { value: "", button };
      button.addEventListener("click", () => this.choose(one.value));
      this.buttons.push(one);
      this.element.append(button);
    }
    options.forEach(({ value, label }, k) => {
      const one = this.buttons[k];
      one.value = value;
      setText(one.button, label);
      one.button.setAttribute("aria-checked", String(value === chosen));
      one.button.tabIndex = value === chosen ? 0 : -1;
    });
  }

  /** @param {KeyboardEvent} event */
  #walk(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const at = this.buttons.findIndex(({ button }) => button === event.target);
    if (!step || at < 0) return;
    event.preventDefault();
    const next = this.buttons[(at + step + this.buttons.length) % this.buttons.length];
    next.button.focus();
    this.choose(next.value);
  }
}
