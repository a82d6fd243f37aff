/**
 * Controls as Python describes them, each with the edit it sends: a new setting on the server needs no change here.
 * @module
 */

import { h, setText, whileTyping } from "./dom.js";
import { fixed, notANumber, read, typed } from "./format.js";
import { check, rove } from "./roving.js";

/**
 * @typedef {{
 *   kind: "select" | "menu" | "stepper" | "number" | "text" | "range" | "dial" | "segments" | "check" | "button" | "command" | "heading",
 *   label: string, place: "top" | "bottom" | "more", hint: string, edit?: any, command?: string, gallery?: string,
 *   value?: any, text?: string, options?: {value: string, label: string, why: string | null, group: string}[],
 *   low?: number, high?: number, steps?: number[], why_not?: (string | null)[], why?: string, placeholder?: string,
 *   stops?: number[],
 * }} Control  as pages/shared/controls.py describes it
 * @typedef {{
 *   send: (edit: any) => void,
 *   slide?: (edit: any) => void,
 *   ask?: (edit: any) => Promise<string>,
 *   run: (command: string) => void,
 *   refuse: (sentence: string) => void,
 * }} ControlHandlers  `ask` sends an edit and waits for why it was refused, "" where it was not: a page with lines of text has it; `slide` takes each value that a dial passes over; all of one drag carry the same `drag`
 */

const AIR = 1; // digit wide: between a word and the edges of its field

/** What a control is called. @param {Element} element */
const nameOf = (element) => element.getAttribute("aria-label") ?? element.textContent;

/**
 * Keeps one row of controls in step with their descriptions without rebuilding what is in use.
 */
export class Controls {
  /** @param {ControlHandlers} on */
  constructor(on) {
    this.on = on;
    this.element = h("div", { class: "ks-controls" });
    this.signature = "";
    /** @type {((control: Control) => void)[]} */
    this.refresh = [];
  }

  /** @param {Control[]} controls */
  draw(controls) {
    const signature = controls.map(({ kind, label }) => `${kind}:${label}`).join("|");
    if (signature !== this.signature) {
      const focused = this.element.contains(document.activeElement) ? nameOf(document.activeElement) : null;
      this.signature = signature;
      this.refresh = [];
      this.element.replaceChildren(...controls.map((control) => this.#build(control)));
      // Whoever pressed a control stays on it, though another row of them came.
      if (focused) [.../** @type {NodeListOf<HTMLElement>} */ (this.element.querySelectorAll("button, input, select"))].find((each) => nameOf(each) === focused)?.focus();
    }
    controls.forEach((control, k) => this.refresh[k](control));
  }

  /** @param {Control} control */
  #build(control) {
    const builders = {
      select: () => this.#select(control),
      menu: () => this.#menu(control),
      stepper: () => this.#stepper(control),
      number: () => this.#number(control),
      text: () => this.#text(control),
      range: () => this.#range(control),
      dial: () => this.#dial(control),
      segments: () => this.#segments(control),
      check: () => this.#check(control),
      button: () => this.#button(control),
      command: () => this.#button(control),
      heading: () => this.#heading(control),
    };
    return builders[control.kind]();
  }

  /** @param {Control} control */
  #heading({ label }) {
    this.refresh.push(() => {});
    return h("h3", { class: "ks-heading-control", text: label });
  }

  /** @param {Control} control */
  #button({ kind, label, hint, command }) {
    let now = /** @type {any} */ ({});
    const act = () => {
      if (now.why) this.on.refuse(`${now.why}.`);
      else if (kind === "command") this.on.run(command);
      else this.on.send(now.edit);
    };
    const button = h("button", { type: "button", class: "ks-button", text: label, onclick: act });
    this.refresh.push((control) => {
      now = control;
      button.title = control.why ?? hint;
      button.setAttribute("aria-disabled", String(!!control.why));
    });
    return button;
  }

  /** @param {HTMLSelectElement} field @param {Control["options"]} listed */
  #options(field, listed) {
    const groups = new Map();
    for (const { value, label, why, group } of listed) {
      const option = h("option", { value, text: label, disabled: !!why, title: why });
      if (!group) groups.set(value, option);
      else if (groups.has(group)) groups.get(group).append(option);
      else groups.set(group, h("optgroup", { label: group }, option));
    }
    const options = [...groups.values()];
    if (field.innerHTML !== options.map((option) => option.outerHTML).join("")) field.replaceChildren(...options);
  }

  /** @param {Control} control */
  #select({ label, hint, place }) {
    const field = h("select", { "aria-label": label, title: hint || null });
    let now = /** @type {any} */ ({});
    field.addEventListener("change", () => {
      const { as, ...edit } = now.edit;
      this.on.send({ ...edit, value: as === "number" ? Number(field.value) : field.value });
    });
    this.refresh.push((control) => {
      now = control;
      this.#options(field, control.options);
      field.value = control.value;
    });
    // Among others of a column its heading says what it chooses; behind "More" nothing else does.
    return h("label", { class: "ks-field" }, place === "more" ? h("span", { class: "ks-stepper-name", text: label }) : null, field);
  }

  /** @param {Control} control */
  #menu({ label, hint, gallery }) {
    if (gallery) {
      const opener = h("button", { type: "button", class: "ks-button", text: label, title: hint, onclick: () => this.on.run(gallery) });
      this.refresh.push(() => {});
      return opener;
    }
    const field = h("select", { "aria-label": label, title: hint || null });
    let now = /** @type {any} */ ({});
    field.addEventListener("change", () => {
      if (field.value) this.on.send({ ...now.edit, value: field.value });
      field.value = "";
    });
    this.refresh.push((control) => {
      now = control;
      this.#options(field, [{ value: "", label, why: null, group: "" }, ...control.options]);
      field.value = "";
    });
    return h("label", { class: "ks-field" }, field);
  }

  /** @param {Control} control */
  #stepper({ label, hint }) {
    let now = /** @type {any} */ ({});
    const step = (/** @type {0 | 1} */ up) => {
      const why = now.why_not[up];
      if (why) this.on.refuse(`${why}.`.replace("..", "."));
      else this.on.send({ ...now.edit, value: now.steps[up] });
    };
    const less = h("button", { type: "button", "aria-label": `less ${label}`, text: "−", onclick: () => step(0) });
    const more = h("button", { type: "button", "aria-label": `more ${label}`, text: "+", onclick: () => step(1) });
    const field = h("input", { type: "text", inputmode: "numeric", class: "ks-stepper-value", autocomplete: "off", "aria-label": `${label}, as a number` });
    field.addEventListener("focus", () => field.select());
    const typing = whileTyping(field);
    field.addEventListener("change", () => {
      const value = read(field.value);
      field.value = now.text;
      if (value === null) this.on.refuse(`“${label}” needs a whole number from ${now.low} to ${now.high}; it stays ${now.text}.`);
      else if (value !== now.value || now.text !== String(now.value)) this.on.send({ ...now.edit, value });
    });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
      event.preventDefault();
      step(event.key === "ArrowUp" ? 1 : 0);
    });
    this.refresh.push((control) => {
      now = control;
      if (!typing()) field.value = control.text;
      field.style.minWidth = `${control.text.length + AIR}ch`; // a word, as "same", is wider than a number
      for (const [button, why] of /** @type {[HTMLElement, string | null][]} */ ([
        [less, control.why_not[0]],
        [more, control.why_not[1]],
      ])) {
        // Not `disabled`: a control that says why it stops has to stay reachable.
        button.setAttribute("aria-disabled", String(!!why));
        button.title = why ?? "";
      }
    });
    const name = h("span", { class: "ks-stepper-name", text: label, title: hint });
    return h("div", { class: "ks-stepper", role: "group", "aria-label": label }, name, less, field, more);
  }

  /** @param {Control} control */
  #number({ label, hint }) {
    const field = h("input", { type: "text", inputmode: "decimal", class: "ks-typed", autocomplete: "off", "aria-label": label });
    let now = /** @type {any} */ ({});
    const typing = whileTyping(field);
    // A symbol, as T or γ 0, has no article.
    const named = label.split(" ")[0].length === 1 ? label : `the ${label}`;
    field.addEventListener("focus", () => field.select());
    field.addEventListener("change", () => {
      const value = read(field.value);
      const kept = now.value;
      if (value === null) this.on.refuse(`${notANumber(field.value)}, so ${named} stays ${fixed(kept, 4).replace(/\.?0+$/, "")}.`);
      else if (value !== kept) this.on.send({ ...now.edit, value });
      // Nothing comes of what is no number, or the same number in other words.
      if (value === null || value === kept) field.value = typed(kept);
    });
    this.refresh.push((control) => {
      now = control;
      if (!typing()) field.value = typed(control.value);
    });
    return h("label", { class: "ks-stepper", title: hint }, h("span", { class: "ks-stepper-name", text: label }), field);
  }

  /** @param {Control} control */
  #text({ label, hint, placeholder }) {
    const field = h("input", { type: "text", class: "ks-words", autocomplete: "off", placeholder, "aria-label": hint || label });
    let now = /** @type {any} */ ({});
    const typing = whileTyping(field);
    // What was sent stands there until it is taken, or something else is: refused, it is there to be corrected.
    let held = false;
    const release = () => {
      held = false;
      field.value = now.value;
      field.removeAttribute("aria-invalid");
    };
    field.addEventListener("change", async () => {
      if (field.value === now.value) return release();
      held = true;
      const why = await this.on.ask({ ...now.edit, value: field.value });
      if (!why) release();
      else if (held) field.setAttribute("aria-invalid", "true");
    });
    this.refresh.push((control) => {
      const same = JSON.stringify([control.edit, control.value]) === JSON.stringify([now.edit, now.value]);
      now = control;
      if (!typing() && !(held && same)) release();
    });
    return h("label", { class: "ks-stepper ks-wide", title: hint }, h("span", { class: "ks-stepper-name", text: label }), field);
  }

  /** @param {Control} control */
  #check({ label, hint }) {
    const field = h("input", { type: "checkbox" });
    let now = /** @type {any} */ ({});
    field.addEventListener("change", () => this.on.send({ ...now.edit, value: field.checked }));
    this.refresh.push((control) => {
      now = control;
      field.checked = control.value;
    });
    return h("label", { class: "ks-check ks-wide", title: hint }, field, label);
  }

  /** A slider over some stops, and a field for any other number. @param {Control} control */
  #dial(control) {
    const { label, hint } = control;
    const slider = h("input", { type: "range", min: 0, step: 1, "aria-label": `${label}, on a slider`, title: hint });
    let now = control;
    // Of the page's clock, since the same slider may be made anew where its page is come back to.
    let drag = 0;
    const asked = () => now.stops[Number(slider.value)];
    slider.addEventListener("input", () => {
      slider.setAttribute("aria-valuetext", String(asked()));
      drag ||= performance.timeOrigin + performance.now();
      this.on.slide?.({ ...now.edit, value: asked(), drag: `${label} ${drag}` });
    });
    slider.addEventListener("change", () => {
      drag = 0;
      if (!this.on.slide) this.on.send({ ...now.edit, value: asked() });
    });
    const field = this.#number(control);
    const refreshed = this.refresh.pop();
    this.refresh.push((next) => {
      now = next;
      refreshed(next);
      const nearest = next.stops.reduce((best, stop, k) => (Math.abs(stop - next.value) < Math.abs(next.stops[best] - next.value) ? k : best), 0);
      slider.max = String(next.stops.length - 1);
      // Under the hand the slider stands where the hand is, though an answer to an earlier value has come.
      if (!slider.matches(":active")) slider.value = String(nearest);
      slider.setAttribute("aria-valuetext", String(next.value));
    });
    return h("div", { class: "ks-range ks-dial" }, field, slider);
  }

  /** @param {Control} control */
  #segments({ label, hint }) {
    let now = /** @type {any} */ ({});
    const buttons = /** @type {HTMLButtonElement[]} */ ([]);
    const group = h("div", { class: "ks-segments", role: "radiogroup", "aria-label": label, title: hint || null });
    /** The choices of one group stand together. @type {Map<string, HTMLElement>} */
    const blocks = new Map();
    const block = (/** @type {string} */ name) => {
      if (!blocks.has(name)) blocks.set(name, group.appendChild(h("div", { class: "ks-segment-group" })));
      return blocks.get(name);
    };
    const choose = (/** @type {number} */ k) => {
      if (now.options[k].value !== now.value) this.on.send({ ...now.edit, value: now.options[k].value });
    };
    rove(group, () => buttons, choose);
    this.refresh.push((control) => {
      now = control;
      while (buttons.length > control.options.length) buttons.pop().remove();
      while (buttons.length < control.options.length) {
        const k = buttons.length;
        buttons.push(h("button", { type: "button", role: "radio", class: "ks-button", onclick: () => choose(k) }));
        block(control.options[k].group).append(buttons[k]);
      }
      control.options.forEach(({ value, label: text }, k) => {
        setText(buttons[k], text);
        check(buttons[k], value === control.value);
      });
    });
    return group;
  }

  /** @param {Control} control */
  #range({ label, hint, low, high }) {
    const slider = h("input", { type: "range", min: low, max: high, step: 1, "aria-label": label, title: hint });
    const number = h("output", { class: "ks-range-value" });
    let now = /** @type {any} */ ({});
    slider.addEventListener("input", () => setText(number, slider.value));
    slider.addEventListener("change", () => this.on.send({ ...now.edit, value: Number(slider.value) }));
    this.refresh.push((control) => {
      now = control;
      slider.min = String(control.low);
      slider.max = String(control.high);
      slider.value = String(control.value);
      setText(number, String(control.value));
    });
    return h("label", { class: "ks-range" }, h("span", { class: "ks-stepper-name", text: label }), slider, number);
  }
}
