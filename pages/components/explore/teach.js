/**
 * A teacher's dialog: what is on screen becomes a step, with words, with what the learner sees and may change; the steps
 * become a link or a file.
 * @module
 */

import { h, setText, whileTyping } from "../common/dom.js";
import { doorTo } from "../common/menu.js";
import { Passing } from "../common/passing.js";
import { recall, remember } from "../common/visit.js";
import { DraftSteps } from "./draft_steps.js";

const CELLS = 3; // to be predicted, unless a teacher says otherwise
const CELLS_MOST = 99;
const KEPT = "kernelscope-words"; // in this tab: the words of a step that is not yet added

/**
 * @typedef {{
 *   send: (edit: any) => void,
 *   ask: (edit: any) => Promise<string>,
 *   header: () => any,
 *   stages: () => any[],
 *   file: (name: string) => void,
 *   tell: (sentence: string) => void,
 *   dialog: import("../common/dialog.js").Dialog,
 *   ui: string,
 * }} TeachHandlers  `ask` sends an edit and waits for why it was refused, "" where it was not; `stages`:
 *   the columns that are on screen
 */

export class Teach {
  /** @param {TeachHandlers} on */
  constructor(on) {
    this.on = on;
    this.dialog = on.dialog;
    this.title = h("input", { type: "text", class: "ks-words", maxlength: 80, placeholder: "Edges, for class 9b" });
    this.typing = whileTyping(this.title);
    this.title.addEventListener("change", () => on.send({ op: "draft_title", value: this.title.value }));
    this.heading = h("input", { type: "text", class: "ks-words", maxlength: 80, placeholder: "What is an edge?" });
    this.text = h("textarea", { rows: 5, maxlength: 2000, placeholder: "What the learner is to read, to try, to find out, in plain words. An empty line begins a new paragraph." });
    this.#recall();
    for (const field of [this.heading, this.text]) field.addEventListener("input", () => this.#remember());
    this.problem = h("p", { class: "ks-problem", role: "alert" });
    this.columns = h("fieldset", { class: "ks-ticks" });
    this.columns.addEventListener("change", () => this.#offerGroups());
    this.groups = h("fieldset", { class: "ks-ticks" });
    /** The columns that each group of controls stands in, where a step may do without these. @type {Map<string, string[]>} */
    this.standing = new Map();
    this.hidden = h("select");
    this.cells = h("input", { type: "number", class: "ks-words", min: 1, max: CELLS_MOST, step: 1, value: CELLS, required: true });
    this.count = h("label", { class: "ks-teach-field" }, h("span", { text: "Cells to predict right" }), this.cells);
    this.closed = h("p", { class: "ks-quiet", hidden: true, text: "So that nobody can make it easy, nothing above is ticked that may be changed. Tick what may." });
    this.hidden.addEventListener("change", () => {
      this.#offerCount();
      this.#close(!!this.hidden.value);
    });
    this.add = h("button", { type: "button", class: "ks-button ks-primary", text: "Add this step", onclick: () => this.#add() });
    this.steps = new DraftSteps({ ask: (edit) => on.ask(edit), tell: (sentence) => this.#tell(sentence) });
    const act = (/** @type {string} */ text, /** @type {string} */ title, /** @type {() => void} */ onclick) => h("button", { type: "button", class: "ks-button", text, title, onclick });
    this.out = h(
      "div",
      { class: "ks-controls ks-draft-out" },
      act("Copy lesson link", "Whoever opens it gets exactly this", () => this.#copy()),
      act("Save lesson file", "With pictures of your own in it", () => on.file("lesson.json")),
      act("Try it", "As a learner sees it, on the page Learn", () => this.#try()),
      act("Begin another", "Forget these steps", () => on.send({ op: "draft_clear" })),
    );
    this.told = h("p", { class: "ks-quiet ks-draft-told", role: "status" });
    this.passing = new Passing(this.told, () => this.#tell(""));
  }

  /** @param {string} sentence "" for none @param {boolean} [passes] whether it goes by itself */
  #tell(sentence, passes = false) {
    if (passes) this.passing.begin();
    else this.passing.stop();
    setText(this.told, sentence);
  }

  async open() {
    const { header, ui } = this.on;
    let groups;
    try {
      groups = await (await fetch(`${ui}/groups.json`)).json();
    } catch {
      this.on.tell("The server did not answer, so nothing can be shown. Try again.");
      return;
    }
    const { columns, predict } = header();
    const onScreen = new Set(this.on.stages().map(({ view }) => view));
    ticks(this.columns, "The learner sees", columns.filter((/** @type {any} */ { view }) => view !== "input").map(({ view, title }) => ({ name: view, title })), (view) => onScreen.has(view));
    this.standing = new Map(groups.map(({ name, views }) => [name, views]));
    ticks(this.groups, "The learner may change", groups, () => true);
    const options = predict.options.map((/** @type {any} */ { value, label }) => h("option", { value, text: label }));
    this.hidden.replaceChildren(h("option", { value: "", text: "nothing" }), ...options);
    this.hidden.value = predict.view;
    this.#offerCount();
    this.#close(!!this.hidden.value);
    this.steps.begin();
    this.describe(header());
    setText(this.problem, "");
    this.#tell("");
    const field = (/** @type {string} */ name, /** @type {HTMLElement} */ element) => h("label", { class: "ks-teach-field" }, h("span", { text: name }), element);
    this.dialog.open(
      "Make a lesson of this",
      h("p", { class: "ks-quiet", text: "A step opens with what is on screen now: input, kernel, settings, pinned cell, zoom, gradients. Change the page and add another." }),
      field("Title of the lesson", this.title),
      field("Title of the step", this.heading),
      field("Text", this.text),
      this.columns,
      this.groups,
      field("Hidden, to be predicted", this.hidden),
      this.count,
      this.closed,
      this.problem,
      this.add,
      this.steps.element,
      this.out,
      this.told,
    );
    (this.title.value ? this.text : this.title).focus({ preventScroll: true });
  }

  /** What the server has of the lesson. @param {any} header */
  describe({ draft }) {
    if (!draft) return;
    if (!this.typing()) this.title.value = draft.title;
    const written = JSON.stringify(draft);
    if (written === this.written) return;
    this.written = written;
    // What was said of the steps before no longer holds.
    setText(this.problem, "");
    this.#tell("");
    this.steps.describe(draft);
    this.out.hidden = !draft.steps.length;
    setText(this.add, draft.steps.length ? "Add this as the next step" : "Add this step");
  }

  /** The words being written outlive another page and a reload, as the steps that were added do. */
  #remember() {
    remember(KEPT, [this.heading.value, this.text.value]);
  }

  #recall() {
    [this.heading.value, this.text.value] = recall(KEPT, ["", ""]);
  }

  /** A hidden stage is a goal: so many of its cells are to be predicted, and it is among what the learner sees. */
  #offerCount() {
    this.count.hidden = !this.hidden.value;
    for (const box of boxes(this.columns)) {
      box.disabled = box.value === this.hidden.value;
      if (box.disabled) box.checked = true;
    }
    this.#offerGroups();
  }

  /** Whoever may change what a hidden number is made of may make all of them 0. @param {boolean} closed whether one is hidden */
  #close(closed) {
    if (closed === !this.closed.hidden) return; // another one is: what was ticked since stays
    this.closed.hidden = !closed;
    for (const box of boxes(this.groups)) {
      if (box.disabled) box.dataset.was = String(!closed);
      else box.checked = !closed;
    }
  }

  /** What stands in columns that the learner does not see cannot be changed; seen again, it is as it was. */
  #offerGroups() {
    const seen = new Set(chosen(this.columns) ?? boxes(this.columns).map((box) => box.value));
    for (const box of boxes(this.groups)) {
      const views = this.standing.get(box.value);
      const gone = views.length > 0 && !views.some((view) => seen.has(view));
      if (gone !== box.disabled) [box.disabled, box.checked, box.dataset.was] = gone ? [true, false, String(box.checked)] : [false, box.dataset.was === "true", ""];
    }
  }

  async #add() {
    const hidden = this.hidden.value;
    if (hidden && !this.cells.reportValidity()) return;
    const edit = { op: "draft_add", title: this.heading.value, text: this.text.value, show: chosen(this.groups), columns: chosen(this.columns), hidden, ...(hidden ? { cells: this.cells.valueAsNumber } : {}) };
    const why = await this.on.ask(edit);
    setText(this.problem, why);
    if (why) return;
    this.heading.value = "";
    this.text.value = "";
    this.#remember();
    this.#tell("Added. Close this dialog to prepare the next step, or hand the lesson out.");
    this.told.scrollIntoView({ block: "nearest" }); // the step has grown the dialog beyond its edge
  }

  /** The address of the lesson; null where it is too long, or the server is silent. */
  async #address() {
    try {
      const { code, missing } = await (await fetch(`${this.on.ui}/take/${this.on.header().session}/lesson_link.json`)).json();
      this.#tell(missing);
      return code === null ? null : `${this.on.ui.replace(/\/ui$/, "")}/learn?lesson=${code}`;
    } catch {
      this.#tell("The server did not answer. Try again.");
      return null;
    }
  }

  async #copy() {
    const address = await this.#address();
    if (!address) return;
    const { textContent: missing } = this.told;
    try {
      await navigator.clipboard.writeText(address);
      this.#tell(`The link is copied: it opens the lesson at its first step. ${missing}`.trim(), !missing);
    } catch {
      this.#tell(`The browser keeps the clipboard to itself. This is the link: ${address}`);
    }
    this.told.scrollIntoView({ block: "nearest" });
  }

  async #try() {
    const why = await this.on.ask({ op: "draft_try" });
    const door = doorTo("/learn");
    if (!why && door) {
      this.dialog.close();
      door.click();
    } else this.#tell(why || "The lesson is open on the page Learn.");
  }
}

/**
 * Boxes to tick: as they were left, unless what they begin with is another since.
 * @param {HTMLElement} set @param {string} legend @param {{name: string, title: string}[]} options
 * @param {(name: string) => boolean} begins whether a box begins ticked
 */
function ticks(set, legend, options, begins) {
  const before = new Map(boxes(set).map((box) => [box.value, box]));
  const labels = options.map(({ name, title }) => {
    const box = h("input", { type: "checkbox", value: name });
    box.defaultChecked = begins(name);
    const left = before.get(name);
    if (left?.defaultChecked === box.defaultChecked) box.checked = left.disabled && left.dataset.was ? left.dataset.was === "true" : left.checked;
    return h("label", { class: "ks-check" }, box, title);
  });
  set.replaceChildren(h("legend", { text: legend }), ...labels);
}

/** @param {HTMLElement} set @returns {HTMLInputElement[]} */
function boxes(set) {
  return [...set.querySelectorAll("input")];
}

/** Those that are ticked. @param {HTMLElement} set @returns {string[] | null} null for all */
function chosen(set) {
  const all = boxes(set);
  return all.every((box) => box.checked) ? null : all.filter((box) => box.checked).map((box) => box.value);
}
