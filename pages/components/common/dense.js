/**
 * The fully connected layer opened: one class's weights in the shape of the pooled map, beside them what each weight
 * meets and what the two make. The weights can be drawn on and typed over.
 * @module
 */

import * as announce from "./announce.js";
import { h, oncePerFrame, setText, whileTyping } from "./dom.js";
import { fsum } from "./exact.js";
import { addUp, fixed, notANumber, read, short, typed } from "./format.js";
import { Grid } from "./grid.js";
import { NO_WORDS, begins, leadsTo, stepOf } from "./keys.js";
import { Legend } from "./legend.js";
import { check, rove } from "./roving.js";
import { scaleFor } from "./scale.js";
import { madeOf, shownSum } from "./sum.js";
import { CellEditor } from "./cell_editor.js";
import { thicken } from "./edits.js";

/** @typedef {{row: number, column: number}} Cell */

const SIDE = 216; // px of a map
const LARGEST_CELL = 40; // px
const NUDGE = 0.1;

export class Dense {
  /**
   * @param {{
   *   change: (stage: number, cells: [number, number, number][]) => void,
   *   end: () => void,
   *   send: (edit: any) => void,
   *   refuse: (sentence: string) => void,
   *   output: () => number,
   *   redraw: () => void,
   *   channel?: (channel: number) => void,
   *   asked?: () => number | null,
   * }} on  `channel`: another of the maps that are read was asked for, where this panel offers them; `asked`: the class
   *   that is spoken of where the panel is opened, if one is
   * @param {{scores: string, maps: string, title: string}} [views] which views show the scores and the maps that are
   *   read, and what these are called
   */
  constructor(on, views = { scores: "scores", maps: "pool", title: "pooled" }) {
    this.on = on;
    this.views = views;
    this.number = 0;
    this.brush = 1;
    /** @type {Cell | null} */
    this.cell = null;
    this.classes = this.#chooser("Which class", (k) => this.choose(k));
    this.channels = this.#chooser("Which channel’s weights", (k) => on.channel?.(k));
    this.editor = new CellEditor({
      change: (cell, value) => this.#set([cell], value),
      end: () => on.end(),
      refuse: on.refuse,
    });
    const look = { hover: (/** @type {Cell | null} */ cell) => this.#look(cell), pick: (/** @type {Cell} */ cell) => this.#look(cell) };
    this.grids = {
      values: new Grid({ view: "dense_values", label: `Values, ${views.title}, one for each weight`, on: { ...look, key: (event) => this.#key(event) } }),
      weights: new Grid({
        view: "dense_weights",
        label: "Weights of this class: draw, or choose a cell and type",
        on: {
          ...look,
          key: (event) => this.#key(event),
          stroke: (cells, phase) => (phase === "end" ? on.end() : this.#set(this.#thick(cells), this.brush)),
        },
      }),
      products: new Grid({ view: "dense_products", label: "Value times weight", on: { ...look, key: (event) => this.#key(event) } }),
      gradients: new Grid({ view: "dense_gradients", label: "Gradient of each weight", on: { ...look, key: (event) => this.#key(event) } }),
    };
    this.legends = { values: new Legend(), weights: new Legend(), products: new Legend(), gradients: new Legend() };
    const figure = (/** @type {"values" | "weights" | "products" | "gradients"} */ name, /** @type {string} */ title) =>
      h("figure", { class: "ks-dense-figure" }, h("figcaption", { text: title }), this.grids[name].element, this.legends[name].element);
    const sign = (/** @type {string} */ text) => h("span", { class: "ks-lens-sign", "aria-hidden": "true", text });
    this.gradients = figure("gradients", "gradient of each weight");
    this.told = h("p", { class: "ks-dense-told" });
    this.sum = h("p", { class: "ks-dense-sum" });
    this.task = h("span");
    this.reached = h("b");
    this.goal = h("p", { class: "ks-dense-goal", hidden: true }, this.task, " ", this.reached);
    this.words = h("div", { class: "ks-dense-words" }, this.goal, this.sum, this.told);
    this.bias = h("input", { type: "text", inputmode: "decimal", class: "ks-typed", autocomplete: "off", "aria-label": "bias of this class" });
    this.typing = whileTyping(this.bias);
    this.bias.addEventListener("change", () => this.#bias());
    this.brushField = h("input", { type: "number", step: "0.1", value: "1", class: "ks-brush-value", "aria-label": "brush: the weight that dragging draws" });
    this.brushField.addEventListener("input", () => {
      if (Number.isFinite(this.brushField.valueAsNumber)) this.brush = this.brushField.valueAsNumber;
    });
    const field = (/** @type {string} */ name, /** @type {HTMLElement} */ input) => h("label", { class: "ks-stepper" }, h("span", { class: "ks-stepper-name", text: name }), input);
    this.element = h(
      "details",
      { class: "ks-dense" },
      h("summary", { text: "Fully connected layer: every weight, in the shape of the map it reads" }),
      h("div", { class: "ks-dense-bar" }, this.classes, this.channels, field("brush", this.brushField), field("bias", this.bias)),
      h("div", { class: "ks-dense-maps" }, figure("values", views.title), sign("×"), figure("weights", "weights"), sign("="), figure("products", "value × weight"), this.gradients, this.words),
    );
    this.element.addEventListener("toggle", () => {
      if (this.element.open) this.number = on.asked?.() ?? this.number;
      on.redraw();
    });
    this.tallest = { width: 0, height: 0 };
    // After layout, where its height costs nothing to read.
    this.observer = new ResizeObserver(() => this.#keepRoom());
    this.observer.observe(this.words);
    this.retell = oncePerFrame(() => this.#tell());
  }

  /** @param {number} number */
  choose(number) {
    if (number === this.number) return;
    this.number = number;
    this.on.redraw();
  }

  /**
   * What is to be brought about, as the words that say it are out of sight from here.
   * @param {string} task "" where there is none
   * @param {string} reached how far it is
   */
  aim(task, reached) {
    this.goal.hidden = !task;
    setText(this.task, task);
    setText(this.reached, reached);
  }

  /** Look at a cell that was chosen elsewhere, or at none. @param {Cell | null} cell */
  point(cell) {
    this.cell = cell;
    this.on.redraw();
  }

  /**
   * @param {import("./model.js").Model} model
   * @param {boolean} dark
   * @param {import("./blob.js").Tensor | null} gradient of all weights, null where values are shown
   * @param {{source: "preview" | "cnn_core", revision: number} | null} news what to announce, null where nothing is new
   */
  draw(model, dark, gradient, news) {
    const stage = model.ofView(this.views.scores);
    this.element.hidden = !stage;
    if (!stage || !this.element.open) return;
    if (news?.source === "preview" && model.waiting.has(stage.reads)) return;
    this.model = model;
    this.stage = stage;
    this.names = stage.names;
    this.number = Math.min(this.number, stage.names.length - 1);
    const pool = model.ofView(this.views.maps);
    const { shape, values } = model.values.get(pool.stage);
    const [, channels, rows, columns] = shape;
    this.size = rows * columns;
    this.channel = Math.min(this.on.output(), channels - 1);
    this.columns = columns;
    this.#choices(this.classes, this.names, this.number, (k) => this.choose(k));
    this.channels.hidden = !this.on.channel || !pool.planes;
    this.#choices(this.channels, pool.planes ?? [], this.channel, (k) => this.on.channel?.(k));
    const weights = model.weights.get(stage.stage);
    const from = (this.number * channels + this.channel) * this.size;
    const shown = {
      values: values.subarray(this.channel * this.size, (this.channel + 1) * this.size),
      weights: weights.values.subarray(from, from + this.size),
    };
    const products = shown.values.map((x, k) => x * shown.weights[k]);
    this.gradient = gradient?.values.subarray(from, from + this.size) ?? null;
    this.gradients.hidden = !gradient;
    const cell = Math.min(LARGEST_CELL, SIDE / Math.max(rows, columns));
    const draw = (/** @type {"values" | "weights" | "products" | "gradients"} */ name, /** @type {Float64Array} */ numbers, /** @type {"signed" | "diverging"} */ kind) => {
      const scale = scaleFor(kind, [numbers]);
      this.grids[name].resize(rows, columns, cell);
      this.grids[name].draw(numbers, 0, scale, dark);
      this.legends[name].draw(scale, dark);
      if (news) announce.drawn({ view: `dense_${name}`, ...news });
    };
    draw("values", shown.values, "signed");
    draw("weights", shown.weights, "diverging");
    draw("products", products, "diverging");
    if (this.gradient) draw("gradients", this.gradient, "diverging");
    Object.assign(this, { shown, products });
    if (!this.typing()) this.bias.value = typed(model.biases.get(stage.stage).values[this.number]);
    this.#add();
    this.#tell();
  }

  leave() {
    this.observer.disconnect();
  }

  /** A remainder that comes and goes would take a line each time, and at the page's foot move the map under the finger. */
  #keepRoom() {
    const { width, height } = this.words.getBoundingClientRect();
    if (width !== this.tallest.width) this.tallest = { width, height: 0 };
    this.tallest.height = Math.max(this.tallest.height, height);
    this.words.style.minHeight = `${this.tallest.height}px`;
  }

  /** One of several, all in sight. @param {string} label @param {(k: number) => void} choose */
  #chooser(label, choose) {
    const group = h("div", { class: "ks-dense-classes", role: "radiogroup", "aria-label": label });
    rove(group, () => /** @type {HTMLElement[]} */ ([...group.children]), choose);
    return group;
  }

  /** @param {HTMLElement} group @param {string[]} names @param {number} number the chosen one @param {(k: number) => void} choose */
  #choices(group, names, number, choose) {
    while (group.children.length > names.length) group.lastChild.remove();
    while (group.children.length < names.length) {
      const k = group.children.length;
      group.append(h("button", { type: "button", role: "radio", class: "ks-button", onclick: () => choose(k) }));
    }
    names.forEach((name, k) => {
      const button = /** @type {HTMLButtonElement} */ (group.children[k]);
      setText(button, name);
      check(button, k === number);
    });
  }

  /** What the three maps add up to: the very products that the ledger shows of the score, so that both have one account. */
  #add() {
    const { model, stage } = this;
    const explanation = model.explain(stage.stage, [0, this.number]);
    const { planes } = model.ofView(this.views.maps);
    const { bias, value } = explanation;
    const told = shownSum(explanation, undefined, null, stage.digits, stage.dust);
    const { places } = told;
    this.places = places;
    const all = fsum(told.products);
    const own = told.rest.count ? fsum(this.products) : fsum(told.rows.slice(this.channel * this.size, (this.channel + 1) * this.size).map((row) => row.shown));
    const here = Number(own.toFixed(places));
    const shown = addUp({ products: planes ? [here, all - here] : [all], bias, value }, places);
    // In brackets, as in a ledger's sum: "9 products −4.05" would read as a difference.
    const parts = [`(${this.size.toLocaleString("en")} product${this.size === 1 ? "" : "s"}${planes ? ` of ${planes[this.channel]}` : ""}: ${fixed(shown.products[0], places)})`];
    if (planes) parts.push(`(the other maps: ${fixed(shown.products[1], places)})`);
    parts.push(`bias ${fixed(shown.bias, places)}`);
    if (shown.remainder !== 0) parts.push(`remainder ${fixed(shown.remainder, places)}`);
    setText(this.sum, `score ${this.names[this.number]} = ${parts.join(" + ")} = ${fixed(shown.value, places)}`);
  }

  /** What one cell of the maps says. */
  #tell() {
    const at = this.cell && this.cell.row * this.columns + this.cell.column;
    const known = at !== null && at < this.size;
    setText(this.told, known ? `[${this.cell.row}, ${this.cell.column}]: ${this.#product(at)}${this.gradient ? `; gradient of the weight ${short(this.gradient[at])}` : ""}` : "Point at a cell, or draw on the weights: the score follows.");
    const marks = known ? [{ box: { top: this.cell.row, left: this.cell.column, bottom: this.cell.row, right: this.cell.column }, role: /** @type {"self"} */ ("self") }] : [];
    for (const grid of Object.values(this.grids)) grid.drawMarks(marks);
  }

  /** A product and what makes it. @param {number} at */
  #product(at) {
    const [product] = addUp({ products: [this.products[at]], bias: 0, value: 0 }, this.places).products;
    return `${madeOf({ value: this.shown.values[at], weight: this.shown.weights[at] }, product, this.places, { value: short, weight: short })} = ${fixed(product, this.places)}`;
  }

  /** @param {Cell | null} cell */
  #look(cell) {
    if (!cell || !this.shown) return;
    if (this.cell?.row !== cell.row || this.cell.column !== cell.column) {
      this.cell = cell;
      this.retell();
    }
    const at = cell.row * this.columns + cell.column;
    const feature = this.channel * this.size + at;
    const value = this.shown.weights[at];
    announce.cell("dense_weights", { stage: this.stage.stage, index: [this.number, feature], rule: "weight", value, terms: [], bias: 0, total: value, residual: 0, formula: null }, 0);
  }

  /** On a map of many cells a stroke of one would hardly be seen. @param {Cell[]} cells */
  #thick(cells) {
    const { rows, columns } = this.grids.weights;
    return thicken(cells, Math.floor(Math.max(rows, columns) / 28), [rows, columns]);
  }

  /** @param {Cell[]} cells @param {number} value */
  #set(cells, value) {
    const features = cells.map(({ row, column }) => this.channel * this.size + row * this.columns + column);
    this.on.change(this.stage.stage, features.map((feature) => [this.number, feature, value]));
    this.cell = cells[cells.length - 1] ?? this.cell;
  }

  #bias() {
    const value = read(this.bias.value);
    const before = this.model.biases.get(this.stage.stage).values[this.number];
    if (value === null) {
      this.on.refuse(`${notANumber(this.bias.value)}, so the bias stays ${short(before)}.`);
      this.bias.value = typed(before);
    } else if (value !== before) this.on.send({ op: "dense_bias", cells: [[this.number, value]] });
  }

  /** Arrow keys, Home and End walk, Shift and up or down change a weight, a digit opens a field. @param {KeyboardEvent} event */
  #key(event) {
    if (!this.shown) return;
    const step = stepOf(event);
    const { rows, columns } = this.grids.weights;
    const cell = this.cell ?? { row: 0, column: 0 };
    const next = leadsTo(event, [cell.row, cell.column], [rows, columns]);
    const value = this.shown.weights[cell.row * columns + cell.column];
    if (step && event.shiftKey && step[1] === 0) {
      event.preventDefault();
      this.#set([cell], Number((value - step[0] * NUDGE).toFixed(10)));
      this.on.end();
    } else if (next) {
      event.preventDefault();
      this.#look(this.cell || !step ? { row: next[0], column: next[1] } : cell);
    } else if (begins(event) === "word") {
      this.on.refuse(NO_WORDS);
    } else if (begins(event) === "number") {
      event.preventDefault();
      this.editor.open(this.grids.weights, cell, event.key === "Enter" ? null : event.key, value, { kind: "grid", low: null, high: null });
    }
  }
}
