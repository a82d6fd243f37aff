/**
 * The kernel under the hand: a field a weight, to drag, type, scroll or step.
 * @module
 */

import { h } from "./dom.js";
import { fitting, notANumber, read, short, signed, typed } from "./format.js";
import { colour, positionHue, scaleFor } from "./scale.js";
import { KernelBrush } from "./kernel_brush.js";

const PIXELS_A_STEP = 7;
const LETTERS = 4; // of a number in a field that has no room for all of them
const LETTER = 0.57; // of the letters' size that a digit is wide
const [SMALLEST, LEGIBLE, LARGEST] = [8, 11, 15]; // px of the letters; digits are cut where all of them would be smaller
const DIGITS = 6; // of a number that is cut, at most
const SETTLE = 350; // ms after the last wheel notch or arrow key until the edit counts as done
const TYPING = 900; // ms likewise after the last letter of a number, which Enter ends at once

/**
 * @typedef {{
 *   change: (values: number[]) => void,
 *   end: (values: number[]) => void,
 *   refuse: (sentence: string) => void,
 *   takes: (value: number) => boolean,
 *   hover: (position: number | null) => void,
 *   focus?: (position: number | null) => void,
 * }} KernelHandlers  `takes`: whether a number may be a weight
 */

export class Kernel {
  /**
   * @param {KernelHandlers} on
   * @param {{view: string, label: string}} [named]
   */
  constructor(on, { view, label } = { view: "kernel", label: "Kernel weights" }) {
    this.on = on;
    this.element = h("div", { class: "ks-kernel", "data-view": view, role: "group", "aria-label": label });
    /** @type {HTMLInputElement[]} */
    this.fields = [];
    /** @type {number[]} */
    this.values = [];
    this.columns = 0;
    this.size = 0;
    /** How weights are written, where it is not in decimals. @type {((value: number) => string) | null} */
    this.words = null;
    this.small = false;
    /** Why the weights cannot be changed, "" where they can. */
    this.locked = "";
    this.timer = 0;
    /** What stood where a number is being typed. @type {{k: number, value: number} | null} */
    this.typing = null;
    this.brush = new KernelBrush({
      fields: () => this.fields,
      set: (k, value) => this.#put(k, value),
      end: () => on.end([...this.values]),
      refuse: on.refuse,
    });
    this.brush.listen(this.element);
  }

  /**
   * @param {number[]} values in row-major order
   * @param {number} columns
   * @param {boolean} dark
   * @param {import("./scale.js").Scale} [scale] where other weights are coloured by the same one
   */
  draw(values, columns, dark, scale = scaleFor("diverging", [values])) {
    if (this.fields.length !== values.length || columns !== this.columns) this.#build(values.length, columns);
    this.values = [...values];
    this.dark = dark;
    this.fields.forEach((field, k) => {
      const { fill, ink } = colour(values[k], scale, dark);
      field.style.background = fill;
      field.style.color = ink;
      field.style.setProperty("--ks-hue", positionHue(k, dark));
      field.title = typed(values[k]);
      field.readOnly = this.locked !== "";
      // What is half typed, such as "1e", belongs to the person typing it, and so does what is too large to be taken.
      const typing = document.activeElement === field;
      if (!typing || this.#taken(field) !== null) field.removeAttribute("aria-invalid");
      if (!typing || ![null, values[k]].includes(this.#taken(field))) {
        const selected = typing && field.selectionStart === 0 && field.selectionEnd === field.value.length;
        field.value = this.#text(field, k);
        if (selected) field.select();
      }
      this.#fit(field, k);
    });
    return scale;
  }

  /** Outline one weight, or none. @param {number | null} position */
  mark(position) {
    this.fields.forEach((field, k) => field.classList.toggle("ks-marked", k === position));
  }

  /** @param {number} count @param {number} columns */
  #build(count, columns) {
    this.columns = columns;
    const most = Math.max(columns, count / columns);
    this.element.style.setProperty("--ks-columns", String(columns));
    this.element.style.setProperty("--ks-weight", `${weightSize(most)}px`);
    // Where a number would not fit, it is cut short, and the weight that has the focus is shown enlarged and in full.
    this.small = weightSize(most) < 30;
    this.size = weightSize(most);
    this.element.classList.toggle("ks-small", this.small);
    this.brush.offer(most);
    this.fields = Array.from({ length: count }, (_, k) => this.#field(k));
    this.element.replaceChildren(...this.fields);
  }

  /** @param {number} k */
  #field(k) {
    const [row, column] = [Math.floor(k / this.columns), k % this.columns];
    const field = h("input", {
      type: "text",
      inputmode: "text",
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": `weight, row ${row}, column ${column}`,
    });
    this.#drag(field, k);
    field.addEventListener("input", () => this.#type(field, k));
    field.addEventListener("change", () => this.#commit(field, k));
    field.addEventListener("focus", () => {
      this.typing = null;
      field.value = this.#text(field, k);
      this.#fit(field, k);
      field.select();
      this.on.focus?.(k);
    });
    field.addEventListener("blur", () => {
      this.on.focus?.(null);
      if (read(field.value) !== null) field.value = this.#text(field, k);
      this.#fit(field, k);
    });
    field.addEventListener("pointerenter", () => this.on.hover(k));
    field.addEventListener("pointerleave", () => this.on.hover(null));
    field.addEventListener("keydown", (event) => this.#key(event, field, k));
    field.addEventListener(
      "wheel",
      (event) => {
        if (document.activeElement !== field) return;
        event.preventDefault();
        this.#step(k, event.deltaY < 0 ? 1 : -1, event.shiftKey);
      },
      { passive: false },
    );
    return field;
  }

  /** A weight as it is written: as the page has numbers written, or short. @param {number} value */
  #written(value) {
    return this.words ? this.words(value) : shown(value);
  }

  /** A weight as its field has room for it; the one that has the focus in full. @param {HTMLInputElement} field @param {number} k */
  #text(field, k) {
    const value = this.values[k];
    const written = this.#written(value);
    if (document.activeElement === field) return written;
    if (this.small) return cut(value);
    const room = this.#room / (LEGIBLE * LETTER);
    return this.words || written.length <= room ? written : (fitting([value], DIGITS, room)?.[0] ?? written);
  }

  /** px of a field that its number has. */
  get #room() {
    return this.size - 2;
  }

  /** Have what a field shows be as large as it has room for. @param {HTMLInputElement} field @param {number} k */
  #fit(field, k) {
    const { length } = this.#text(field, k);
    field.style.fontSize = this.small ? "" : `${Math.max(SMALLEST, Math.min(LARGEST, this.#room / (length * LETTER)))}px`;
  }

  /** The step that suits the numbers on the table. @param {boolean} fine */
  #size(fine) {
    return (this.values.every(Number.isInteger) ? 1 : 0.1) / (fine ? 10 : 1);
  }

  /** @param {number} k @param {number} value */
  #set(k, value) {
    if (this.locked) {
      this.on.refuse(this.locked);
      return;
    }
    this.values[k] = value;
    this.on.change([...this.values]);
  }

  #settle(pause = SETTLE) {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.#finish(), pause);
  }

  #finish() {
    clearTimeout(this.timer);
    if (this.timer) this.on.end([...this.values]);
    this.timer = 0;
  }

  /** @param {number} k @param {number} direction @param {boolean} fine */
  #step(k, direction, fine) {
    this.#set(k, counted(this.values[k] + direction * this.#size(fine)));
    if (!this.locked) this.#settle();
  }

  /** @param {HTMLInputElement} field @param {number} k */
  #drag(field, k) {
    let from = { x: 0, y: 0, value: 0, size: 1 };
    let dragging = false;
    let down = false;
    field.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      // Focus and text selection wait until it is clear that this is a click and not a drag.
      event.preventDefault();
      down = true;
      dragging = false;
      from = { x: event.clientX, y: event.clientY, value: this.values[k], size: this.#size(event.shiftKey) };
      field.setPointerCapture(event.pointerId);
    });
    field.addEventListener("pointermove", (event) => {
      if (!down) return;
      // A finger that moves up or down scrolls the page; the mouse may go either way.
      const way = event.clientX - from.x - (event.pointerType === "touch" ? 0 : event.clientY - from.y);
      if (!dragging && Math.abs(way) < PIXELS_A_STEP) return;
      if (this.locked) {
        down = false;
        this.on.refuse(this.locked);
        return;
      }
      dragging = true;
      const value = counted(from.value + Math.round(way / PIXELS_A_STEP) * from.size);
      this.#put(k, value);
    });
    const release = (/** @type {PointerEvent} */ event) => {
      if (dragging) this.on.end([...this.values]);
      else if (down && event.type === "pointerup") field.focus();
      down = false;
      dragging = false;
    };
    field.addEventListener("pointerup", release);
    field.addEventListener("pointercancel", release);
    // Some browsers focus on the compatibility mouse event all the same.
    field.addEventListener("mousedown", (event) => {
      if (document.activeElement !== field) event.preventDefault();
    });
  }

  /** @param {HTMLInputElement} field @param {number} k */
  #type(field, k) {
    const value = this.#taken(field);
    if (value === null) {
      field.setAttribute("aria-invalid", "true");
      // What it began with is not what is meant: meanwhile the weight is what it was before it was typed over.
      if (this.typing?.k === k) this.#put(k, this.typing.value);
      if (this.timer) this.#settle(TYPING);
      return;
    }
    field.removeAttribute("aria-invalid");
    if (this.typing?.k !== k) this.typing = { k, value: this.values[k] };
    this.#put(k, value);
    this.#settle(TYPING);
  }

  /** Set a weight that is not this already. @param {number} k @param {number} value */
  #put(k, value) {
    if (value !== this.values[k]) this.#set(k, value);
  }

  /** The number in a field, null where it is none or none that a weight may be. @param {HTMLInputElement} field */
  #taken(field) {
    const value = read(field.value);
    return value !== null && this.on.takes(value) ? value : null;
  }

  /** @param {HTMLInputElement} field @param {number} k */
  #commit(field, k) {
    const text = field.value;
    const value = read(text);
    const refused = value === null;
    // Not what the refused text began with: the 2 of 2x was never meant.
    if (refused) this.#takeBack(k);
    else if (!this.on.takes(value)) {
      // Too large: the server says so.
      this.#set(k, value);
      this.#settle();
    }
    this.typing = null;
    field.removeAttribute("aria-invalid");
    field.value = this.#written(this.values[k]);
    this.#finish();
    // Last, since an edit that ends takes the last sentence away.
    if (refused) this.on.refuse(`${notANumber(text)}, so the weight stays ${short(this.values[k])}.`);
  }

  /** What stood there before it was typed over. @param {number} k */
  #takeBack(k) {
    if (this.typing?.k !== k) return;
    this.#set(k, this.typing.value);
    this.#settle();
    this.typing = null;
  }

  /** @param {KeyboardEvent} event @param {HTMLInputElement} field @param {number} k */
  #key(event, field, k) {
    const whole = field.selectionStart === 0 && field.selectionEnd === field.value.length;
    const rows = this.fields.length / this.columns;
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      event.preventDefault();
      this.#step(k, event.key === "ArrowUp" ? 1 : -1, event.shiftKey);
    } else if (event.key === "ArrowLeft" && (whole || field.selectionEnd === 0)) {
      event.preventDefault();
      this.fields[(k + this.fields.length - 1) % this.fields.length].focus();
    } else if (event.key === "ArrowRight" && (whole || field.selectionStart === field.value.length)) {
      event.preventDefault();
      this.fields[(k + 1) % this.fields.length].focus();
    } else if (event.key === "Enter") {
      this.#commit(field, k);
      // Down the column, then to the top of the next, as in a spreadsheet.
      const next = k + this.columns < this.fields.length ? k + this.columns : (k + 1) % this.columns;
      this.fields[rows > 1 ? next : (k + 1) % this.fields.length].focus();
    } else if (event.key === "Escape") {
      // What was typed is taken back, as in a cell of the input, even where it was drawn meanwhile.
      this.#takeBack(k);
      field.value = this.#written(this.values[k]);
      this.#finish();
      field.removeAttribute("aria-invalid");
      field.select();
    }
  }
}

/** How large a weight's field is drawn, in px. @param {number} most rows or columns, whichever are more */
export function weightSize(most) {
  return most <= 3 ? 46 : most <= 4 ? 36 : most <= 5 ? 34 : most <= 7 ? 26 : 20;
}

/** A weight that steps have led to, without what binary numbers leave of 0.3 − 0.1 · 3. @param {number} value */
function counted(value) {
  return Number(value.toFixed(10));
}

/** A weight in at most four letters, the sign included: ".19", "−.02", "12", "−1e3". @param {number} value */
export function cut(value) {
  const size = Math.abs(value);
  const rounded = Number(size.toFixed(size >= 10 ? 0 : size >= 1 ? 1 : 2));
  if (rounded === 0) return value === 0 ? "0" : "≈0"; // what is not 0 is not shown as 0
  const sign = value < 0 ? "−" : "";
  const text = `${sign}${String(rounded).replace(/^0/, "")}`;
  return text.length <= LETTERS ? text : `${sign}${size.toExponential(0).replace("e+", "e")}`;
}

/** A weight as it stands in its field: short when looked at, exact enough to be typed over. @param {number} value */
function shown(value) {
  const text = typed(value);
  if (text.length <= 6) return text;
  const rounded = value.toFixed(4).replace(/\.?0+$/, "");
  return signed(Number(rounded) === 0 ? value.toExponential(1) : rounded); // what is not 0 is not shown as 0
}
