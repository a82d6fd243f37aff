/**
 * Work that takes longer than a glance: says what is going on, and lets it be called off.
 * @module
 */

import { h, setText } from "../common/dom.js";

const PATIENCE = 300; // ms: what is answered sooner needs no word

export class Busy {
  /** @param {{undo: () => void}} on */
  constructor(on) {
    this.on = on;
    this.text = h("p", { role: "status" });
    this.cancel = h("button", { type: "button", class: "ks-button", text: "Cancel", onclick: () => this.#callOff() });
    this.element = h("div", { class: "ks-busy", hidden: true }, h("progress", { "aria-label": "at work" }), this.text, this.cancel);
    /** The revision before the work, null while there is none. @type {number | null} */
    this.since = null;
    this.calledOff = false;
    this.timer = 0;
  }

  leave() {
    clearTimeout(this.timer);
  }

  /** @param {string} what is going on @param {number} revision of what is on screen */
  begin(what, revision) {
    clearTimeout(this.timer);
    this.since = revision;
    this.calledOff = false;
    setText(this.text, what);
    this.timer = window.setTimeout(() => {
      this.element.hidden = false;
    }, PATIENCE);
  }

  #callOff() {
    this.calledOff = true;
    this.element.hidden = true;
  }

  /** The server has answered. @param {{revision: number, notice: string}} header */
  arrived({ revision, notice }) {
    if (this.since === null || revision <= this.since) return;
    clearTimeout(this.timer);
    this.element.hidden = true;
    this.since = null;
    // What was called off is taken back as soon as it comes; a refusal changed nothing.
    if (this.calledOff && !notice) this.on.undo();
    this.calledOff = false;
  }
}
