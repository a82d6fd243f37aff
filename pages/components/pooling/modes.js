/**
 * One of a few ways to look, side by side: a radio group of buttons.
 * @module
 */

import { h, setText } from "../common/dom.js";
import { check, rove } from "../common/roving.js";

export class Modes {
  /** @param {string} label @param {(value: string) => void} choose */
  constructor(label, choose) {
    this.choose = choose;
    this.element = h("div", { class: "ks-modes", role: "radiogroup", "aria-label": label });
    /** @type {{value: string, button: HTMLButtonElement}[]} */
    this.buttons = [];
    rove(this.element, () => this.buttons.map(({ button }) => button), (k) => choose(this.buttons[k].value));
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
      check(one.button, value === chosen);
    });
  }
}
