/**
 * Work that takes longer than a glance: says what is going on, and lets it be called off.
 * @module
 */

import { h, setText } from "./dom.js";

const PATIENCE = 300; // ms: what is answered sooner needs no word

/**
 * @typedef {{
 *   what: string,
 *   done: (header: any) => boolean,
 *   callOff: (() => void) | null,
 *   outlasts?: boolean,
 * }} Job  `done`: whether an answer of the server is this one's; `callOff`: null where there is no way back;
 *   `outlasts`: whether it goes on being told of while edits come and go
 */

export class Busy {
  constructor() {
    this.text = h("p", { role: "status" });
    this.cancel = h("button", { type: "button", class: "ks-button", text: "Cancel", onclick: () => this.#callOff() });
    this.element = h("div", { class: "ks-busy", hidden: true }, h("progress", { "aria-label": "at work" }), this.text, this.cancel);
    /** @type {Job | null} */
    this.job = null;
    this.timer = 0;
  }

  leave() {
    clearTimeout(this.timer);
  }

  /** @param {Job} job the newest is the one that is told of */
  begin(job) {
    this.end();
    this.job = job;
    this.timer = window.setTimeout(() => {
      setText(this.text, job.what);
      this.cancel.hidden = !job.callOff;
      this.element.hidden = false;
    }, PATIENCE);
  }

  end() {
    clearTimeout(this.timer);
    this.element.hidden = true;
    setText(this.text, ""); // a screen reader may find it though it is hidden
    this.job = null;
  }

  #callOff() {
    const { job } = this;
    this.end();
    job?.callOff?.();
  }

  /** The server has answered. @param {any} header */
  arrived(header) {
    if (this.job?.done(header)) this.end();
  }
}
