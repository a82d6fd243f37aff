/**
 * Predict, then reveal: which stage is hidden, the question in the ledger's place, and what was said to the answer.
 * Python compares and keeps the score.
 * @module
 */

import { h, setText } from "../common/dom.js";
import { nameOf } from "../common/names.js";
import { ravel, unravel } from "../common/windows.js";

/** @typedef {import("../common/model.js").Model} Model */
/** @typedef {import("../common/board.js").Place} Place */
/** @typedef {import("../common/cover.js").Cover} Cover */
/**
 * @typedef {{index: number[], open: boolean, right: boolean, told: string, hints: string[]}} Answer
 * @typedef {{view: string, stage: number | null, answers: Answer[], options: {value: string, label: string}[], score: {asked: number, right: number, first: number}}} Described
 *   as pages/shared/predict describes it
 */

const NOTHING = new Map();
const LEAVE = " “predict: nothing hidden” shows all again."; // in a lesson's step it stays hidden

export class Predict {
  /**
   * @param {{send: (edit: any) => void, back: () => void, further: (place: Place) => void}} on `back`: the focus goes back
   *   to the map that was asked; `further`: a number is typed for another cell
   */
  constructor(on) {
    this.on = on;
    /** @type {Described} */
    this.told = { view: "", stage: null, answers: [], options: [], score: { asked: 0, right: 0, first: 0 } };
    this.select = h("select", { "aria-label": "Predict: which stage is hidden", title: "Hide a stage and say what stands there, cell by cell" });
    this.select.addEventListener("change", () => {
      this.chosen = this.select.value;
      on.send({ op: "hide", value: this.select.value });
    });
    /** The view that was chosen to be hidden, until it is; and whether by mouse. */
    this.chosen = "";
    this.byMouse = false;
    this.select.addEventListener("pointerdown", ({ pointerType }) => (this.byMouse = pointerType === "mouse"));
    this.select.addEventListener("keydown", () => (this.byMouse = false));
    /** Whether what was described last is hidden since, by hand. */
    this.begun = false;
    this.score = h("span", { class: "ks-score", role: "status" });
    this.element = h("div", { class: "ks-predict" }, h("label", { class: "ks-field" }, this.select), this.score);
    this.field = h("input", { type: "text", inputmode: "text", class: "ks-words ks-guess", autocomplete: "off", spellcheck: "false", "aria-label": "Your prediction" });
    const send = (/** @type {string} */ op) => this.place && on.send({ op, index: this.place.index, value: this.field.value });
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") !event.repeat && send("guess");
      else if (event.key === "Escape") this.#leave();
      else return;
      event.preventDefault();
    });
    const button = (/** @type {string} */ text, /** @type {string} */ title, /** @type {() => void} */ onclick) => h("button", { type: "button", class: "ks-button", text, title, onclick });
    const check = button("Check", "Enter", () => {
      if (!this.field.value.trim()) this.field.focus();
      send("guess");
    });
    check.classList.add("ks-primary");
    this.hint = button("Hint", "First the rule, then the numbers it needs", () => send("hint"));
    this.give = button("Show it", "Uncover this cell; it does not count as right", () => send("reveal"));
    this.form = h("span", { class: "ks-ask" }, this.field, check, this.hint, this.give);
    /** Leads on to the next cell that is covered. */
    this.further = h("button", { type: "button", class: "ks-button ks-primary", title: "Enter", onclick: () => on.further(this.following) });
    this.verdict = h("p");
    this.hints = h("div", { class: "ks-hints" });
    this.below = h("div", { class: "ks-asked", "aria-live": "polite" }, this.verdict, this.hints);
    /** The cell that the form asks about. @type {Place | null} */
    this.place = null;
    /** @type {Map<string, Answer>} */
    this.answers = new Map();
    this.written = "";
  }

  #leave() {
    this.field.value = "";
    this.on.back();
  }

  /** Whether a stage is hidden. */
  get hides() {
    return this.told.stage !== null;
  }

  /** Whether a number is being typed, which the pointer's way over the maps must not disturb. */
  get typing() {
    return document.activeElement === this.field && this.field.value !== "";
  }

  /**
   * A hidden cell is asked from now on: what is typed next is meant for it, even before the question is drawn.
   * @param {Place} place
   */
  turnTo(place) {
    if (String(this.place?.index) !== String(place.index)) this.field.value = "";
    this.place = place;
  }

  /** Begin to type a prediction of the pinned cell. @param {string} letter "" to begin with nothing */
  type(letter) {
    if (letter) this.field.value = letter;
    this.field.focus({ preventScroll: true });
  }

  /** @param {Described} told @param {Model} model */
  describe(told, model) {
    const before = this.told;
    this.told = told;
    this.begun = told.stage !== null && told.view === this.chosen;
    if (this.begun) this.chosen = "";
    this.answers = new Map(told.answers.map((answer) => [String(answer.index), answer]));
    const hidden = told.stage === null ? null : model.values.get(told.stage);
    this.shape = hidden?.shape ?? [];
    this.size = hidden?.values.length ?? 0;
    this.allOpen = told.answers.filter(({ open }) => open).length === this.size;
    const written = JSON.stringify(told.options);
    if (written !== this.written) {
      this.written = written;
      const options = told.options.map(({ value, label }) => h("option", { value, text: `predict: ${label}` }));
      this.select.replaceChildren(h("option", { value: "", text: "predict: nothing hidden" }), ...options);
    }
    this.select.value = told.view;
    const { asked, right, first } = told.score;
    setText(this.score, asked && told.view ? `${right} of ${asked} right${first ? `, ${first} at once` : ""}` : "");
    if (!told.view && before.view) this.field.value = "";
    const answer = this.place && this.answers.get(String(this.place.index));
    if (answer && !answer.open && document.activeElement === this.field) this.field.select();
    if (!this.place || !answer?.open) return;
    // Whoever pressed Enter or one of the buttons goes on from the map.
    const focused = this.form.contains(document.activeElement);
    this.field.value = "";
    this.place = null;
    if (focused) this.on.back();
  }

  /** Whether the number of a place is hidden: it is asked, or comes after what is asked. @param {Place} place */
  covers({ stage, index, param }) {
    if (param || !this.hides || stage < this.told.stage) return false;
    return stage === this.told.stage ? !this.answers.get(String(index))?.open : !this.allOpen;
  }

  /** Whether a place is one of the hidden cells that are to be predicted. @param {Place} place */
  asks(place) {
    return place.stage === this.told.stage && this.covers(place);
  }

  /**
   * What lies over a channel of a stage, null where nothing does.
   * @param {import("../common/model.js").Stage} stage
   * @param {number} channel
   * @returns {Cover | null}
   */
  cover({ stage }, channel) {
    if (!this.hides || stage < this.told.stage) return null;
    if (stage > this.told.stage) return this.allOpen ? null : NOTHING;
    const open = this.told.answers.filter((answer) => answer.open && (answer.index.length === 2 || answer.index[1] === channel));
    return new Map(open.map(({ index, right }) => [index.length === 2 ? `${index[1]},0` : `${index[2]},${index[3]}`, right ? "✓" : ""]));
  }

  /** Whether a place is a cell of the hidden stage that is uncovered. @param {Place} place */
  opened(place) {
    return this.hides && place.stage === this.told.stage && !this.covers(place);
  }

  /** What is said where one goes on to type on a cell that is uncovered. @param {string} name the cell's */
  goOn(name) {
    return `${name} is uncovered already. ${this.allOpen ? "So are all the others: hide another stage to predict more." : "Choose one that is still covered, and type what stands there."}`;
  }

  /** The covered cell that comes after an open one, from the end on to the first; null where all are open. @param {Place} place @returns {Place | null} */
  next(place) {
    if (this.allOpen || !this.opened(place)) return null;
    let flat = ravel(place.index, this.shape);
    let next = place;
    while (!this.covers(next)) {
      flat = (flat + 1) % this.size;
      next = { stage: place.stage, index: unravel(flat, this.shape) };
    }
    return next;
  }

  /** The button that leads on from an open cell, null where all are open. @param {Place} place @param {Model} model */
  furtherFrom(place, model) {
    const next = this.next(place);
    if (!next) return null;
    this.following = next;
    setText(this.further, `Next: ${nameOf(model, next.stage, next.index)} ›`);
    return this.further;
  }

  /** What was said of an open cell, "" where nothing was. @param {Place} place */
  verdictOf({ stage, index, param }) {
    const answer = !param && stage === this.told.stage ? this.answers.get(String(index)) : undefined;
    return answer?.open ? `${answer.right ? "✓ " : ""}${answer.told}` : "";
  }

  /**
   * The question about a hidden cell, to stand where its sum would.
   * @param {Place} place
   * @param {boolean} pinned
   * @returns {{beside: Node, below: Node}}
   */
  question(place, pinned) {
    if (place.stage !== this.told.stage) return { beside: h("span", { class: "ks-ledger-note", text: "?" }), below: h("p", { class: "ks-ledger-note", text: "It comes after the hidden stage, and shows when all of that is uncovered." }) };
    if (!pinned) return { beside: h("span", { class: "ks-ledger-note", text: "?" }), below: h("p", { class: "ks-ledger-note", text: "Choose the cell to say what stands there." }) };
    this.turnTo(place);
    const answer = this.answers.get(String(place.index));
    setText(this.verdict, answer?.told || `What stands there? Two decimals are enough; a fraction will do.${this.element.hidden ? "" : LEAVE}`);
    this.verdict.classList.toggle("ks-verdict", !!answer?.told);
    const hints = answer?.hints ?? [];
    while (this.hints.children.length > hints.length) this.hints.lastChild.remove();
    while (this.hints.children.length < hints.length) this.hints.append(h("p", { class: "ks-sum" }));
    hints.forEach((text, k) => setText(this.hints.children[k], text));
    this.hint.hidden = hints.length > 1;
    return { beside: this.form, below: this.below };
  }
}
