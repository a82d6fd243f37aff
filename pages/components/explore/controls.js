/**
 * Controls as Python describes them: a select, a stepper, a slider or a button, each with the edit it sends.
 * A new setting on the server needs no change here.
 * @module
 */

import { h, setText } from "../common/dom.js";

/**
 * @typedef {{
 *   kind: "select" | "stepper" | "range" | "button" | "upload", op: string, label: string, place: "top" | "bottom",
 *   value?: any, options?: {value: string, label: string, why?: string}[], low?: number, high?: number,
 *   why_low?: string, why_high?: string, hint?: string,
 * }} Control
 */

/**
 * Keeps one column's controls in step with their descriptions without rebuilding what is in use.
 */
export class Controls {
  /** @param {(edit: any) => void} send @param {() => void} upload */
  constructor(send, upload) {
    this.send = send;
    this.upload = upload;
    this.element = h("div", { class: "ks-controls" });
    this.signature = "";
    /** @type {((control: Control) => void)[]} */
    this.refresh = [];
  }

  /** @param {Control[]} controls */
  draw(controls) {
    const signature = controls.map(({ kind, op, label }) => `${kind}:${op}:${label}`).join("|");
    if (signature !== this.signature) {
      this.signature = signature;
      this.refresh = [];
      this.element.replaceChildren(...controls.map((control) => this.#build(control)));
    }
    controls.forEach((control, k) => this.refresh[k](control));
  }

  /** @param {Control} control */
  #build(control) {
    if (control.kind === "select") return this.#select(control);
    if (control.kind === "stepper") return this.#stepper(control);
    if (control.kind === "range") return this.#range(control);
    const act = () => (control.kind === "upload" ? this.upload() : this.send({ op: control.op }));
    const button = h("button", { type: "button", class: "ks-button", text: control.label, title: control.hint, onclick: act });
    this.refresh.push(() => {});
    return button;
  }

  /** @param {Control} control */
  #select({ op, label, hint }) {
    const field = h("select", { "aria-label": label, title: hint });
    field.addEventListener("change", () => this.send({ op, value: field.value }));
    this.refresh.push((now) => {
      const options = now.options.map(({ value, label: text, why }) =>
        h("option", { value, text, disabled: !!why, title: why ?? null }),
      );
      if (field.innerHTML !== options.map((option) => option.outerHTML).join("")) field.replaceChildren(...options);
      field.value = now.value;
    });
    return h("label", { class: "ks-field" }, field);
  }

  /** @param {Control} control */
  #stepper({ op, label, hint }) {
    let now = /** @type {any} */ ({});
    const step = (/** @type {number} */ by) => {
      const value = now.value + by;
      if (value >= now.low && value <= now.high) this.send({ op, value });
    };
    const less = h("button", { type: "button", "aria-label": `less ${label}`, text: "−", onclick: () => step(-1) });
    const more = h("button", { type: "button", "aria-label": `more ${label}`, text: "+", onclick: () => step(1) });
    const number = h("output", { class: "ks-stepper-value" });
    this.refresh.push((control) => {
      now = control;
      setText(number, String(control.value));
      for (const [button, stuck, why] of /** @type {[HTMLElement, boolean, string][]} */ ([
        [less, control.value <= control.low, control.why_low],
        [more, control.value >= control.high, control.why_high],
      ])) {
        // Not `disabled`: a control that says why it stops has to stay reachable.
        button.setAttribute("aria-disabled", String(stuck));
        button.title = stuck ? why : "";
      }
    });
    const name = h("span", { class: "ks-stepper-name", text: label, title: hint });
    return h("div", { class: "ks-stepper", role: "group", "aria-label": label }, name, less, number, more);
  }

  /** @param {Control} control */
  #range({ op, label, hint, low, high }) {
    const slider = h("input", { type: "range", min: low, max: high, step: 1, "aria-label": label, title: hint });
    const number = h("output", { class: "ks-stepper-value" });
    slider.addEventListener("input", () => setText(number, slider.value));
    slider.addEventListener("change", () => this.send({ op, value: Number(slider.value) }));
    this.refresh.push((now) => {
      slider.min = String(now.low);
      slider.max = String(now.high);
      slider.value = String(now.value);
      setText(number, String(now.value));
    });
    return h("label", { class: "ks-range" }, h("span", { class: "ks-stepper-name", text: label }), slider, number);
  }
}
