/**
 * The steps of a lesson that a teacher makes, one below the other: each is rewritten in its place, moved up or down, or
 * removed, and all of that can be undone. The server keeps them.
 * @module
 */

import { h, setText } from "../common/dom.js";

const LONGEST = 60; // letters of a step's text where it has no title

/** @typedef {{title: string, text: string}} Step */
/** @typedef {{title: string, steps: Step[], undo: boolean, redo: boolean}} Draft  as pages/shared/learn/draft.py tells it */

export class DraftSteps {
  /**
   * @param {{ask: (edit: any) => Promise<string>, tell: (sentence: string) => void}} on `ask` sends an edit and waits for
   *   why it was refused, "" where it was not; `tell` says what was done
   */
  constructor(on) {
    this.on = on;
    /** @type {Step[]} */
    this.steps = [];
    /** The step that is being rewritten, with its words as they are now. @type {(Step & {at: number}) | null} */
    this.editing = null;
    /** What has the focus once the steps are shown anew. @type {{at: number, act: string} | null} */
    this.next = null;
    this.list = h("ol", { class: "ks-draft" });
    this.problem = h("p", { class: "ks-problem", role: "alert" });
    const step = (/** @type {string} */ op, /** @type {string} */ text, /** @type {string} */ title) =>
      h("button", { type: "button", class: "ks-link", text, title, "data-act": op, onclick: () => this.#travel(op) });
    this.undo = step("undo", "Undo", "The last change of these steps");
    this.redo = step("redo", "Redo", "The change that was undone");
    this.history = h("div", { class: "ks-draft-history", role: "group", "aria-label": "History of the lesson" }, this.undo, this.redo);
    this.element = h("section", { class: "ks-draft-steps", "aria-label": "Steps of the lesson" }, this.list, this.history);
    this.element.addEventListener("keydown", (event) => this.#key(event));
  }

  /** @param {Draft} draft */
  describe({ steps, undo, redo }) {
    this.history.hidden = !undo && !redo;
    this.undo.setAttribute("aria-disabled", String(!undo));
    this.redo.setAttribute("aria-disabled", String(!redo));
    if (JSON.stringify(steps) === JSON.stringify(this.steps)) return;
    this.steps = steps;
    // A step that is gone is rewritten by nobody.
    if (this.editing && !steps[this.editing.at]) this.editing = null;
    this.#show();
  }

  /** The dialog opens: nothing is being rewritten. */
  begin() {
    this.editing = null;
    this.#show();
  }

  #show() {
    const focused = document.activeElement instanceof HTMLElement && this.list.contains(document.activeElement) ? document.activeElement : null;
    const at = focused ? [...this.list.children].findIndex((row) => row.contains(focused)) : -1;
    const next = this.next ?? (focused && { at, act: focused.dataset.act ?? "" });
    this.next = null;
    this.list.replaceChildren(...this.steps.map((step, k) => (this.editing?.at === k ? this.#form(this.editing) : this.#row(step, k))));
    if (!next) return;
    const row = this.list.children[Math.min(next.at, this.steps.length - 1)];
    const found = /** @type {HTMLElement | null} */ (row?.querySelector(`[data-act="${next.act}"]`) ?? row?.querySelector("button"));
    (found ?? this.undo).focus();
  }

  /** @param {Step} step @param {number} k */
  #row({ title, text }, k) {
    const last = this.steps.length - 1;
    const act = (/** @type {string} */ name, /** @type {string} */ label, /** @type {string} */ told, /** @type {() => void} */ onclick, off = false) =>
      h("button", { type: "button", class: "ks-link", "data-act": name, text: label, title: told, "aria-label": told, "aria-disabled": String(off), onclick });
    return h(
      "li",
      {},
      h("span", { text: title || text.slice(0, LONGEST) }),
      act("edit", "edit", `Edit step ${k + 1}`, () => this.#edit(k)),
      act("up", "↑", `Move step ${k + 1} up`, () => this.#move(k, k - 1, "up"), k === 0),
      act("down", "↓", `Move step ${k + 1} down`, () => this.#move(k, k + 1, "down"), k === last),
      act("remove", "remove", `Remove step ${k + 1}`, () => this.#remove(k)),
    );
  }

  /** @param {Step & {at: number}} editing */
  #form(editing) {
    const title = h("input", { type: "text", class: "ks-words", maxlength: 80, value: editing.title, "data-act": "title" });
    const text = h("textarea", { rows: 5, maxlength: 2000, "data-act": "text" });
    text.value = editing.text;
    title.addEventListener("input", () => Object.assign(editing, { title: title.value }));
    text.addEventListener("input", () => Object.assign(editing, { text: text.value }));
    const number = editing.at + 1;
    const field = (/** @type {string} */ name, /** @type {HTMLElement} */ element) => h("label", { class: "ks-teach-field" }, h("span", { text: `${name} of step ${number}` }), element);
    const form = h(
      "li",
      { class: "ks-draft-form" },
      field("Title", title),
      field("Text", text),
      this.problem,
      h("button", { type: "button", class: "ks-button ks-primary", text: "Save", "aria-label": `Save step ${number}`, onclick: () => this.#save() }),
      h("button", { type: "button", class: "ks-button", text: "Cancel", "aria-label": `Leave step ${number} as it was`, onclick: () => this.#cancel() }),
    );
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.target === title || event.ctrlKey || event.metaKey)) this.#save();
      else if (event.key === "Escape") this.#cancel();
      else return;
      // The dialog stays open.
      event.preventDefault();
      event.stopPropagation();
    });
    return form;
  }

  /** @param {number} k */
  async #edit(k) {
    if (!(await this.#settled())) return;
    setText(this.problem, "");
    this.on.tell("");
    this.editing = { at: k, ...this.steps[k] };
    this.next = { at: k, act: "text" };
    this.#show();
  }

  #cancel() {
    this.#leave(this.editing.at);
    this.#show();
  }

  /** @param {number} at */
  #leave(at) {
    this.editing = null;
    this.next = { at, act: "edit" };
  }

  /** @returns {Promise<boolean>} whether the step is as it was written */
  async #save() {
    const { at, title, text } = this.editing;
    const why = await this.on.ask({ op: "draft_edit", value: at, title, text });
    setText(this.problem, why);
    if (why) return false;
    this.#leave(at);
    this.#show();
    this.on.tell(`Step ${at + 1} is changed.`);
    return true;
  }

  /** What was begun to be written is not lost by whatever is done next. */
  async #settled() {
    return !this.editing || this.#save();
  }

  /** @param {number} from @param {number} to @param {string} act */
  async #move(from, to, act) {
    if (!this.steps[to]) {
      this.on.tell(`Step ${from + 1} is the ${to < 0 ? "first" : "last"} one.`);
      return;
    }
    if (!(await this.#settled())) return;
    this.next = { at: to, act };
    const why = await this.on.ask({ op: "draft_move", value: from, to });
    this.on.tell(why || `Step ${from + 1} is step ${to + 1} of ${this.steps.length} now.`);
  }

  /** @param {number} k */
  async #remove(k) {
    if (!(await this.#settled())) return;
    this.next = { at: k, act: "remove" };
    const why = await this.on.ask({ op: "draft_remove", value: k });
    this.on.tell(why || `Step ${k + 1} is removed.`);
  }

  /** @param {string} op "undo" or "redo" */
  async #travel(op) {
    const button = op === "undo" ? this.undo : this.redo;
    if (button.getAttribute("aria-disabled") === "true" || !(await this.#settled())) return;
    const why = await this.on.ask({ op: `draft_${op}` });
    const { length } = this.steps;
    this.on.tell(why || `${op === "undo" ? "Undone" : "Done again"}: ${length === 1 ? "1 step" : `${length} steps`} now.`);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const key = event.key.toLowerCase();
    const written = event.target instanceof Element && event.target.closest("input, textarea");
    if (written || !(event.ctrlKey || event.metaKey) || event.altKey || (key !== "z" && key !== "y")) return;
    event.preventDefault();
    this.#travel(key === "y" || event.shiftKey ? "redo" : "undo");
  }
}
