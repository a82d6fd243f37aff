/**
 * The pooling laboratory: one input under every pooling, linked cell by cell; which cell each number comes from, where
 * the gradient goes back to, and what a shift of the input changes.
 * @module
 */

import * as announce from "../common/announce.js";
import { Asked } from "../common/asked.js";
import { Board, boxAt, same } from "../common/board.js";
import { CellEditor } from "../common/cell_editor.js";
import { placeColumns } from "../common/column.js";
import { Controls } from "../common/controls.js";
import { Dialog } from "../common/dialog.js";
import { differenceOf } from "../common/difference.js";
import { h, setText } from "../common/dom.js";
import { TIED_FROM } from "../common/grid.js";
import { begins } from "../common/keys.js";
import { Legend } from "../common/legend.js";
import { Look } from "../common/look.js";
import { numbersOf } from "../common/numbers.js";
import { tableOf } from "../common/table.js";
import { Arrows, LANES } from "./arrows.js";
import { allArrows, arrowsOf, marksOf, tied } from "./marks.js";
import { Measures } from "./measures.js";
import { Modes } from "./modes.js";
import { AFTER, GRADIENTS, INPUT, UPSTREAM, VALUES, isMax, isWhole, partOf } from "./parts.js";
import { sizes } from "./sizes.js";
import { sentenceOf } from "./words.js";

const ARROWS_MOST = 100; // all at once: more would hide the numbers
const BEGINS = {
  sum: "The gradient is of the sum of all outputs, which grows by 1 with each: so it begins as 1 here.",
  cell: "The gradient is of one output cell: it begins as 1 there, and as 0 at all others.",
  own: "The gradient is of the outputs' sum, each times the number here. Type another to change it, for Max, Average and L2 alike.",
};

const OWN = "Choose a cell of “gradient at output” and type its number: Max, Average and L2 share them.";

export class Pooling extends Board {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    super("pooling", { thorough: true });
    this.output = 0;
    const send = (/** @type {any} */ edit) => this.edits.send(edit);
    const controls = { send, run: () => {}, refuse: (/** @type {string} */ sentence) => this.notice.tell(sentence) };
    this.modes = new Modes("What is shown", (value) => value !== this.header.mode && send({ op: "mode", value }));
    this.modeBar = new Controls(controls);
    this.windowBar = new Controls(controls);
    this.strip = h("div", { class: "ks-strip" });
    this.arrows = new Arrows();
    this.all = h("input", { type: "checkbox" });
    this.all.addEventListener("change", () => this.remark());
    this.allLabel = h("label", { class: "ks-check", title: "From every winning cell to the number it becomes" }, this.all, "all arrows");
    this.sentence = h("p", { class: "ks-sentence" });
    this.measures = new Measures();
    this.look = new Look(() => this.model && this.draw(this.source, false));
    this.dialog = new Dialog();
    this.asked = new Asked({ arrived: () => this.answered(), told: (told, place) => keyed({ ...told, ...place }) });
    this.inflow = new CellEditor({
      change: (cell, value) => (this.typed = { ...cell, value }),
      end: () => this.#endInflow(),
      refuse: controls.refuse,
    });
    /** A map whose colours are not those of its column's legend has one of its own, by view. @type {Map<string, Legend>} */
    this.legends = new Map();
    this.tieKey = h("span", { class: "ks-tie-key", text: "◥ where cells tie", hidden: true });
    this.bar = h("div", { class: "ks-bar-top" }, h("div", { class: "ks-look" }, this.tieKey, this.allLabel, this.look.element));
    this.share = this.sharing("laboratory");
    // On a narrow page the window's controls fold away, so that the maps are on the first screen.
    this.foldWindow = h("button", { type: "button", class: "ks-button ks-fold-window", "aria-expanded": "false", text: "Window…", title: "Window, stride and padding, the same for all" });
    this.foldWindow.addEventListener("click", () => this.foldWindow.setAttribute("aria-expanded", String(this.root.classList.toggle("ks-window-open"))));
    this.tops = h("div", { class: "ks-tops" }, h("div", { class: "ks-top-row" }, this.modes.element, this.foldWindow, this.modeBar.element), h("div", { class: "ks-top-row ks-window-row", role: "group", "aria-label": "The window, the same for all" }, this.windowBar.element));
    this.over = h("div", { class: "ks-over" }, this.strip, this.arrows.element);
    const root = h("div", { class: "ks ks-pooling" }, this.notice.element, this.busy.element, this.corner, this.tops, this.measures.element, this.over, this.sentence, this.bar, this.ledger.element, this.live, this.dialog.element);
    this.enter(parent, root);
  }

  // ---- what Python sends -------------------------------------------------------------------------------------

  channelOf() {
    return 0;
  }

  inputPlane() {
    return null;
  }

  inputGrid() {
    return this.#grid(this.model.byNumber.get(INPUT));
  }

  kernelColumns() {
    return 0;
  }

  /** The stages on screen. @returns {any[]} */
  get stages() {
    return this.model.stages.filter(({ view }) => view !== null);
  }

  /** Those of one column, from the top. @param {string} view */
  #stagesIn(view) {
    return this.stages.filter(({ column }) => column === view);
  }

  /** @param {any} stage @returns {import("../common/grid.js").Grid} */
  #grid({ column, stage }) {
    return this.columns.get(column).view.shown.get(stage).drawn;
  }

  /** @param {any} header */
  show(header) {
    this.asked.forget(header.session);
    placeColumns(this.columns, this.sideBySide(), this.strip, {
      controls: {
        send: (edit) => this.edits.send(edit),
        run: (command) => this.#table(command.split(":")[1]),
        refuse: (sentence) => this.notice.tell(sentence),
      },
      cell: (view) => this.#handlers(view),
      kernel: null,
      plane: () => {},
      output: () => {},
    });
    for (const [view, { kind, view: maps }] of this.columns) {
      if (kind === "maps") maps.offer(this.#stagesIn(view).map(({ stage, label, view: name }) => ({ channel: stage, label, view: name })));
    }
    this.modes.offer(header.modes, header.mode);
    this.modeBar.draw(header.bars.mode);
    this.windowBar.draw(header.bars.window);
    this.modeBar.element.hidden = !header.bars.mode.length;
    this.measures.draw(header.measures);
    this.root.dataset.mode = header.mode;
    const few = this.slide.shape().reduce((a, b) => a * b, 1) <= ARROWS_MOST;
    this.allLabel.hidden = !few || header.mode === "shift";
    const laidOut = JSON.stringify(this.stages.map(({ stage, view, ring }) => [view, this.model.values.get(stage).shape, ring]));
    if (laidOut !== this.laidOut) this.layout(false);
    this.laidOut = laidOut;
  }

  layout(draw = true) {
    if (!this.header || !this.width) return;
    const columns = [...this.columns].filter(([, { kind }]) => kind === "maps");
    const maps = columns.map(([view]) => this.#stagesIn(view).map(({ stage, ring }) => {
      const [, , rows, across] = this.model.values.get(stage).shape;
      return { rows, columns: across, ring };
    }));
    const found = sizes(this.width, maps, this.columns.size - columns.length);
    this.dock.stack(found.stacked);
    this.root.style.setProperty("--ks-stacked-width", `${found.stackedWidth}px`);
    columns.forEach(([view, column], c) => {
      this.#stagesIn(view).forEach((stage, k) => {
        const { rows, columns: across, ring } = maps[c][k];
        const cell = found.cells[c][k];
        const { drawn: grid } = column.view.shown.get(stage.stage);
        grid.resize(rows, across, cell, ring);
        const [top, bottom, left, right] = ring.map((/** @type {number} */ side) => Math.ceil(side * cell));
        // Maps of one row stand level in all columns.
        const room = found.stacked ? 0 : found.rows[k] - rows * cell - top - bottom;
        grid.element.style.margin = `${top}px ${right}px ${bottom + room}px ${left}px`;
      });
      column.element.style.width = found.stacked ? "" : `${found.widths[c]}px`;
      // Three maps of a column stand side by side where columns stand below each other.
      column.element.classList.toggle("ks-wide-column", found.stacked && maps[c].length > 2);
    });
    if (draw) this.draw(this.source ?? "cnn_core", false, false);
  }

  /** What is said of the cell goes with the ledger too, on a narrow page. @param {import("../common/dock.js").Where} where */
  lay(where) {
    super.lay(where);
    const stacked = where === "stacked";
    // Below the ledger where that stands at the foot of the maps: all three rows of them and its headline are seen at once.
    (stacked ? this.tops : this.ledger.element).after(this.measures.element);
    if (stacked) this.ledger.dock.append(this.sentence);
    else this.over.after(this.sentence);
  }

  // ---- drawing -----------------------------------------------------------------------------------------------

  /** @param {"preview" | "cnn_core"} source @param {boolean} [tell] @param {boolean} [anew] */
  draw(source, tell = true, anew = true) {
    this.source = source;
    if (anew) this.draws += 1;
    const { model, dark } = this;
    const given = model.values.get(INPUT);
    // The model knows how poolings follow the input, and not that gradients do.
    const back = source === "preview" && given !== this.given ? this.stages.filter(({ stage }) => partOf(stage).part === GRADIENTS) : [];
    for (const { stage } of back) model.waiting.add(stage);
    this.given = given;
    const drawn = [];
    /** @type {Map<string, any[]>} */
    const groups = new Map();
    for (const stage of this.stages) groups.set(stage.scale.group, [...(groups.get(stage.scale.group) ?? []), stage]);
    for (const stages of groups.values()) {
      const scales = this.look.scales(stages.map((stage) => ({ stage, tensor: model.values.get(stage.stage) })), source === "preview");
      stages.forEach((stage, k) => {
        // What the preview does not know, gradients among them, stays until cnn_core has answered.
        const late = source === "preview" && model.waiting.has(stage.stage);
        this.late(this.columns.get(stage.column).view.shown.get(stage.stage).figure, late);
        if (late) return;
        this.#grid(stage).draw(model.values.get(stage.stage).values, 0, scales[k][0], dark);
        this.#legend(stage, scales[k][0]);
        drawn.push(stage.view);
      });
    }
    const ties = this.stages.filter(({ stage }) => isMax(partOf(stage).kind) && [VALUES, AFTER].includes(partOf(stage).part) && !model.waiting.has(stage));
    this.tied = new Map(ties.map(({ stage }) => [stage, tied(model, stage)]));
    this.tieKey.hidden = !ties.some((stage) => this.tied.get(stage.stage).length && this.#grid(stage).scale >= TIED_FROM);
    this.mark();
    if (tell) for (const view of drawn) announce.drawn({ view, source, revision: this.channel.revision });
  }

  /**
   * A column whose maps share their colours has one legend; else each group of them has one, below its last.
   * @param {any} stage @param {import("../common/scale.js").Scale} scale
   */
  #legend(stage, scale) {
    const column = this.columns.get(stage.column);
    const all = this.#stagesIn(stage.column);
    const alike = all.filter((each) => each.scale.group === stage.scale.group);
    const alone = alike.length === all.length;
    column.legend.element.hidden = !alone;
    if (alone) {
      this.legends.get(stage.view)?.element.remove();
      column.legend.draw(scale, this.dark);
    } else if (stage === alike[alike.length - 1]) {
      if (!this.legends.has(stage.view)) this.legends.set(stage.view, new Legend());
      const { element } = this.legends.get(stage.view);
      const { figure } = column.view.shown.get(stage.stage);
      if (element.parentElement !== figure) figure.append(element);
      this.legends.get(stage.view).draw(scale, this.dark);
    }
  }

  mark() {
    const { model, place } = this;
    if (!model) return;
    const marks = place ? marksOf(model, place) : new Map();
    const add = (/** @type {number} */ stage, /** @type {number[]} */ index, /** @type {string} */ role) => marks.set(stage, [...(marks.get(stage) ?? []), { box: boxAt(index), role }]);
    if (this.pin && this.hover && !same(this.pin, this.hover)) add(this.pin.stage, this.pin.index, "pinned");
    if (this.header.mode === "gradient" && this.header.target === "cell") {
      // The cell that gradients are of is outlined wherever the eye is.
      for (const { stage } of this.stages) if (this.#takesInflow(stage) && !(place?.stage === stage && same(place, { stage, index: [0, 0, ...this.header.cell] }))) add(stage, [0, 0, ...this.header.cell], "pinned");
    }
    if (this.term) add(this.term.stage, this.term.index, "term");
    for (const stage of this.stages) {
      const blank = this.#blank(stage.stage);
      const ties = (this.tied.get(stage.stage) ?? []).filter((/** @type {number[]} */ cell) => !isBlank(cell, blank));
      const tied = ties.map((/** @type {number[]} */ cell) => ({ box: boxAt(cell), role: "tied" }));
      this.#grid(stage).drawMarks([...tied, ...(marks.get(stage.stage) ?? [])], blank);
    }
    this.#point();
    setText(this.sentence, place ? this.#sentence(place) : "");
    // Gradients follow the hand, their sums are those of before it until the edit has been answered.
    const late = this.source === "preview" && !!place && partOf(place.stage).part === GRADIENTS;
    for (const part of [this.ledger.head, this.ledger.body]) this.late(part, late);
    this.writeSoon();
  }

  /**
   * For each row of a map, the first cell that the window has not reached yet; null where none is blank. What is made of
   * all cells is there once it has been over them all.
   * @param {number} stage
   */
  #blank(stage) {
    const { part, kind } = partOf(stage);
    const blank = part === VALUES || part === UPSTREAM ? this.slide.blank() : null;
    return blank && isWhole(kind) ? () => 0 : blank;
  }

  /** The arrows of the cell that is looked at, over all others where these are asked for. */
  #point() {
    const { model, place } = this;
    const made = (/** @type {import("./marks.js").Arrow} */ { from, to }) => [from, to].every(({ stage, index }) => !isBlank(index, this.#blank(stage)));
    const all = this.all.checked && !this.allLabel.hidden ? allArrows(model).filter(made).map((arrow) => ({ ...arrow, thin: true })) : [];
    const own = place ? arrowsOf(model, place).map((arrow) => ({ ...arrow, thin: false })) : [];
    // Where columns stand below each other, an arrow goes no further than to the next: it would cross the others' maps.
    const near = (/** @type {import("./marks.js").Arrow} */ { from, to }) => !this.dock.stacked || this.header.mode === "gradient" || (from.stage === INPUT && to.stage === VALUES && this.header.mode === "values");
    this.arrows.draw([...all, ...own].filter(near).map(({ from, to, thin }) => {
      const [, , row, column] = partOf(to.stage).part === GRADIENTS ? from.index : to.index;
      return { from: this.#rectangle(from), to: this.#rectangle(to), lane: (row + column) % LANES, thin };
    }));
  }

  /** Where a cell and its map are on the screen. @param {import("../common/board.js").Place} place */
  #rectangle({ stage, index }) {
    const grid = this.#grid(this.model.byNumber.get(stage));
    const frame = grid.element.getBoundingClientRect();
    const { left, top, size } = grid.boxOf({ row: index[2], column: index[3] });
    return { cell: new DOMRect(frame.x + left, frame.y + top, size, size), frame };
  }

  // ---- asking ------------------------------------------------------------------------------------------------

  get of() {
    return this.place ? this.#of(this.place) : "";
  }

  /** What the number of a place is a gradient of, "" where it is none. @param {import("../common/board.js").Place} place */
  #of({ stage }) {
    const { part, kind } = partOf(stage);
    return part === GRADIENTS || part === UPSTREAM ? this.header.of[GRADIENTS + kind] : "";
  }

  /** @param {any} told @param {Map<string, import("../common/blob.js").Tensor>} arrays */
  glimpsed(told, arrays) {
    super.glimpsed(told, arrays);
    this.measures.draw(told.measures);
  }

  /** @param {import("../common/board.js").Place} place */
  holds(place) {
    return super.holds(place) && this.model.byNumber.get(place.stage).view !== null;
  }

  /** @param {import("../common/board.js").Place} place */
  inWords(place) {
    const of = this.#of(place);
    const cell = super.inWords(place);
    return `${of ? `∂ ${of} / ∂ ${cell}` : cell}. ${this.#sentence(place)}`;
  }

  /** What a cell is to the poolings, and what is asked or can be done where that is not to be seen. @param {import("../common/board.js").Place} place */
  #sentence(place) {
    const said = sentenceOf(this.model, place);
    const { mode, target, cell } = this.header;
    if (mode !== "gradient") return said;
    const { part, kind } = partOf(place.stage);
    if (target === "own") return `${said} ${OWN}`;
    const asked = part === UPSTREAM && !isWhole(kind) && String(place.index.slice(2)) === String(cell);
    return target === "cell" && !asked ? `${said} Gradients are of the output [${cell.join(", ")}] alone, the last that was pinned.` : said;
  }

  /** @param {import("../common/board.js").Place} place */
  explanation(place) {
    const stage = /** @type {any} */ (this.model.byNumber.get(place.stage));
    const { part } = partOf(place.stage);
    if (stage.minus) return differenceOf(this.model, place.stage, place.index, stage.minus);
    if (part === UPSTREAM) return { ...super.explanation(place), note: BEGINS[this.header.target] };
    if (part !== GRADIENTS) return super.explanation(place);
    const given = this.header.explanation;
    if (given && this.source === "cnn_core" && same(place, given)) return keyed(given);
    return this.asked.of(place, { at: "pooling", stage: String(place.stage), index: place.index.join(",") });
  }

  /** @param {any} term */
  showTerm(term) {
    this.term = term?.index ? { stage: term.stage, index: term.index } : null;
    this.remark();
  }

  /** @param {string} view */
  #handlers(view) {
    const placeAt = (/** @type {any} */ cell) => ({ stage: this.model.ofView(view).stage, index: [0, 0, cell.row, cell.column] });
    return {
      hover: (/** @type {any} */ cell) => this.lookAt(cell && placeAt(cell)),
      pick: (/** @type {any} */ cell) => this.#pickOrType(placeAt(cell)),
      key: (/** @type {KeyboardEvent} */ event) => this.#typeInflow(event, view) || this.walk(event, view),
    };
  }

  /** A second tap on a cell that can be changed asks for the keyboard. @param {import("../common/board.js").Place} place */
  #pickOrType(place) {
    if (!this.pin || !same(place, this.pin)) this.pick(place);
    else if (place.stage === INPUT) this.openEditor(null);
    else if (this.#takesInflow(place.stage)) this.#openInflow(null);
    else this.pick(place);
  }

  // ---- the gradient that comes in ------------------------------------------------------------------------------

  /** @param {number} stage */
  #takesInflow(stage) {
    const { part, kind } = partOf(stage);
    return part === UPSTREAM && !isWhole(kind);
  }

  /** @param {KeyboardEvent} event @param {string} view @returns {boolean} whether the key was meant for it */
  #typeInflow(event, view) {
    const begun = begins(event);
    if (!begun || !this.pinnedOn(view) || !this.#takesInflow(this.pin.stage)) return false;
    if (begun === "word") {
      this.refuseWord();
      return true;
    }
    event.preventDefault();
    this.#openInflow(event.key === "Enter" ? null : event.key);
    return true;
  }

  /** @param {string | null} text */
  #openInflow(text) {
    const [, , row, column] = this.pin.index;
    const { kind, low, high } = this.header.brush;
    this.typed = null;
    this.inflow.open(this.#grid(this.model.byNumber.get(this.pin.stage)), { row, column }, text, this.model.value(this.pin.stage, this.pin.index), { kind, low, high });
  }

  #endInflow() {
    const { typed } = this;
    this.typed = null;
    if (!typed || typed.value === this.model.value(this.pin.stage, this.pin.index)) return;
    this.edits.send({ op: "upstream", cells: [[typed.row, typed.column, typed.value]], cell: this.header.cell });
  }

  /** A column's maps as real tables. @param {string} view */
  #table(view) {
    const tables = this.#stagesIn(view).flatMap((stage) => {
      const title = [stage.title, stage.label].filter(Boolean).join(", ");
      return [h("h3", { text: title }), tableOf({ ...numbersOf(this.model, stage, 0, this.pin), title })];
    });
    this.dialog.open(this.columns.get(view).title.textContent, ...tables);
  }
}

/** @param {number[]} index of a cell @param {((row: number) => number) | null} blank for each row, the first cell that is blank */
const isBlank = ([, , row, column], blank) => !!blank && column >= blank(row);

/** Each term of a gradient has a hue of its own, and says which output it comes from. @param {any} told */
function keyed(told) {
  return { ...told, terms: told.terms.map((/** @type {any} */ term, /** @type {number} */ key) => ({ ...term, key, label: `[${term.index.slice(2).join(", ")}]: ` })) };
}
