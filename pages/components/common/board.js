/**
 * What every page of stages has in common: one cell under the pointer and one pinned, the sum behind it, the window that
 * slides, numbers typed on the input, and what is said aloud. Pages differ in what they draw.
 * @module
 */

import * as announce from "./announce.js";
import { CellEditor } from "./cell_editor.js";
import { DeskPage } from "./desk_page.js";
import { h, move, oncePerFrame, setText } from "./dom.js";
import { explained } from "./explained.js";
import { short } from "./format.js";
import { NO_WORDS } from "./keys.js";
import { PHONE } from "./layout.js";
import { Ledger } from "./ledger.js";
import { LedgerWriter } from "./ledger_writer.js";
import { nameOf } from "./names.js";
import { Slide } from "./slide.js";
import { changes } from "./told.js";
import { walk } from "./walk.js";

/**
 * @typedef {{stage: number, index: number[], param?: string, shareOf?: Place}} Place  `param`, "weight" or "bias", where one of
 *   these is asked, not a cell; `shareOf`: the cell whose part of it is told too
 */
const PIN_SETTLE = 120; // ms: walking by arrow key asks the server about the cell where it ends

/**
 * A page gives: `bar` (what stands above the ledger), `look`, `share` (of `sharing`), `output` (the kernel that is
 * looked at), `channelOf(stage, view)`, `inputPlane(index)`, `draw(source, tell, anew)`, `mark()`, `layout()`,
 * `show(header)`, `showTerm(term)`, `kernelColumns()` and, where it needs them, `zoom`, `begin`, `chosen`, `walked` and `played`.
 */
export class Board extends DeskPage {
  /**
   * @param {string} component its name, by which Python answers it
   * @param {{thorough?: boolean, slides?: boolean}} [options] `thorough`: for the player; `slides`: whether there is one
   */
  constructor(component, { thorough = false, slides = true } = {}) {
    super(component);
    this.slides = slides;
    /** @type {Place | null} */
    this.hover = null;
    /** @type {Place | null} */
    this.pin = null;
    /** @type {Place | null} A weight's gradient that was chosen: it is no cell to be pinned. */
    this.standing = null;
    /** @type {Place | null} The cell that a term speaks of. */
    this.term = null;
    /** Counts draws, those of the same numbers at another size aside, so that the ledger knows whether its numbers are still the ones on screen. */
    this.draws = 0;
    this.live = h("p", { class: "ks-unseen", "aria-live": "polite" });
    /** For the keyboard: past all controls, seen while it has the focus. */
    this.skip = h("button", { type: "button", class: "ks-button ks-skip", text: "Skip to the pinned cell", onclick: () => this.focusPinned() });
    this.slide = new Slide({
      over: () => this.slidOver,
      shape: (stage) => this.model.values.get(stage).shape.slice(2),
      output: () => this.output,
      place: () => this.place,
      pick: (place) => this.#step(place),
      pass: (place) => this.#pass(place),
      filled: () => this.remark(),
      playing: (playing) => this.#playing(playing),
    }, thorough);
    this.ledger = new Ledger({
      pick: (stage, index) => this.pick({ stage, index }),
      term: (term) => this.showTerm(term),
      place: {
        go: (stage, index) => {
          this.#step({ stage, index });
          this.focusPinned({ preventScroll: true });
        },
        halt: () => {
          if (this.slide.player.playing) this.slide.player.pause();
        },
      },
    });
    this.writer = new LedgerWriter(this);
    this.editor = new CellEditor({
      change: (cell, value) => this.edits.changeCells([cell], value, this.inputPlane(this.pin.index)),
      end: () => this.edits.endCells(),
      refuse: (sentence) => this.notice.tell(sentence),
    });
    this.remark = oncePerFrame(() => this.mark());
  }

  /** The stage that the window slides over; nothing where there is none. */
  get slidOver() {
    return this.header && this.model?.byNumber.get(this.header.kernel.stage);
  }

  /** Play and zoom go with the ledger where that lies at the window's edge, on a narrow page play and undo. @param {import("./dock.js").Where} where */
  lay(where) {
    // On the first screen of a photograph, where it is wanted most.
    if (this.zoom) move(this.zoom.element, where === "edge" ? this.ledger.dock : this.bar);
    // Last of the bar, though seen first: whoever comes to the bar by Tab from a page that scrolls to it comes to play.
    if (this.slides && where === "page") move(this.slide.player.element, this.bar);
    else if (this.slides) move(this.slide.player.element, this.ledger.dock, "prepend");
    move(this.history.element, where === "stacked" ? this.ledger.dock : this.corner);
    move(this.share, where === "stacked" ? this.bar : this.corner);
  }

  /** @param {HTMLElement} parent @param {HTMLElement} root */
  enter(parent, root) {
    root.prepend(this.skip);
    super.enter(parent, root);
  }

  leave() {
    this.slide.end();
    this.ledger.leave();
    this.writer.leave();
    super.leave();
  }

  // ---- what Python sends -------------------------------------------------------------------------------------

  /** Other numbers have come: what is looked at stays where it is on screen still. @param {any} header */
  looksAgain(header) {
    if (header.pin_count >= this.channel.pins) this.pin = header.pin;
    else if (this.pin && !this.model.has(this.pin.stage, this.pin.index)) this.pin = header.pin;
    if (this.hover && !this.holds(this.hover)) this.hover = null;
    if (this.standing && !this.holds(this.standing)) this.standing = null;
    // It spoke of the numbers before; a term that is still under the pointer is entered anew with the sum that is written.
    this.term = null;
  }

  /** Whether a place is on screen. @param {Place} place */
  holds({ stage, index }) {
    return this.model.has(stage, index);
  }

  /** What the numbers on screen are gradients of, "" where they are values. */
  get of() {
    return "";
  }

  /** What this answer changed, for those who do not see it. @param {any} header */
  tellChanges(header) {
    const before = this.told;
    this.told = header;
    if (!before) return;
    const told = changes(before.columns, header.columns);
    const turned = before.backward?.value !== header.backward?.value;
    if (this.pin && (told || turned || header.revision > before.revision)) setText(this.live, `${told}Now ${this.inWords(this.pin)}`);
    // Another input or kernel has other sums, and needs other room for them.
    const shape = (/** @type {any} */ { columns }, /** @type {string} */ view) => columns.find((/** @type {any} */ each) => each.view === view)?.shape;
    if (["input", "kernel"].some((view) => shape(before, view) !== shape(header, view))) this.ledger.relax();
  }

  /** A cell and its number, to be read aloud. @param {Place} place */
  inWords({ stage, index }) {
    return `${nameOf(this.model, stage, index)} is ${short(this.model.value(stage, index), 6)}`;
  }

  // ---- looking -----------------------------------------------------------------------------------------------

  /** Where the eye is: the hovered cell, else what was chosen last. */
  get place() {
    return this.hover ?? this.stays;
  }

  /** What stays when the pointer leaves: a weight's gradient that was chosen, else the pinned cell. */
  get stays() {
    return this.standing ?? this.pin;
  }

  /** What the ledger speaks of: where the eye is, unless a page has what is no place to look at. @returns {Place | null} */
  get spoken() {
    return this.place;
  }

  /** Whether the eye is where it stays. */
  get pinned() {
    return !this.hover || !!(this.stays && same(this.hover, this.stays));
  }

  /** What is looked at is marked: its sum follows, and what the player tells of it. */
  writeSoon() {
    this.writer.soon();
    this.slide.player.tell();
  }

  /**
   * What is asked about a cell whose number is hidden; null where it is shown.
   * @param {Place} _place
   * @param {boolean} _pinned
   * @returns {{beside: Node, below: Node} | null}
   */
  question(_place, _pinned) {
    return null;
  }

  /** Whether what a cell feeds of a view may be told. @param {string} _view */
  onward(_view) {
    return true;
  }

  /** What is to be said of a prediction of a cell. @param {Place} _place */
  verdictOf(_place) {
    return "";
  }

  /** What leads on from a cell that was predicted to the next one; null where none is. @param {Place} _place @returns {Node | null} */
  furtherFrom(_place) {
    return null;
  }

  /** Into how many parts of one the numbers of a sum are counted; null where they are decimals. @param {any} _explanation */
  partsOf(_explanation) {
    return null;
  }

  /**
   * The pinned cell's ledger is cnn_core's own; one under the pointer is summed from the same arrays.
   * @param {Place} place
   * @returns {any} null where an answer is waited for
   */
  explanation(place) {
    const given = this.header.explanation;
    return given && this.source === "cnn_core" && same(place, given) ? explained(this.model, given) : this.model.explain(place.stage, place.index);
  }

  /** Whoever moves the maps by the keyboard looks at the pinned cell, wherever the pointer was left. @param {boolean} moved */
  byKey(moved) {
    if (moved) this.lookAt(null);
    return moved;
  }

  /** @param {Place | null} place */
  lookAt(place) {
    if (place) this.slide.end();
    if ((place === null && this.hover === null) || (place && this.hover && same(place, this.hover))) return;
    this.hover = place;
    this.term = null;
    this.remark();
    this.#say();
  }

  /** An answer about a place has come that `explanation` had to wait for. */
  answered() {
    this.remark();
    this.#say();
  }

  /** What the view of a cell is called to the outside. @param {import("./model.js").Stage} stage @param {number[]} _index @param {string} [_param] */
  viewName(stage, _index, _param) {
    return stage.view;
  }

  #say() {
    const { place } = this;
    const explanation = place && this.explanation(place);
    if (!explanation) return;
    announce.cell(this.viewName(this.model.byNumber.get(place.stage), place.index, place.param), explanation, this.channel.revision);
  }

  /** Hold what is no cell until one is chosen, and show what it is made of. @param {Place} place */
  keep(place) {
    this.slide.end();
    this.standing = place;
    this.hover = null;
    this.remark();
    this.#say();
    this.ledger.element.scrollIntoView({ block: "nearest" });
  }

  /** @param {Place} place */
  pick(place) {
    this.slide.end();
    this.standing = null;
    this.pin = place;
    this.hover = null;
    this.chosen(place);
    this.remark();
    this.#say();
    setText(this.live, this.inWords(this.pin));
    this.#askAboutPin();
  }

  /** A second tap on an input cell asks for the keyboard. @param {Place} place */
  pickOrType(place) {
    if (place.stage === -1 && this.pin && same(place, this.pin)) this.openEditor(null);
    else this.pick(place);
  }

  /** The keyboard to the map of the pinned cell, or the first one where that is not on screen. @param {FocusOptions} [options] */
  focusPinned(options) {
    const view = this.pin && this.viewName(this.model.byNumber.get(this.pin.stage), this.pin.index);
    /** @type {HTMLElement | null} */ (this.root.querySelector(`[data-view="${view}"]`) ?? this.root.querySelector(".ks-map"))?.focus(options);
  }

  /** On a phone the map that is filled comes in sight, with what it is made of. @param {boolean} playing */
  #playing(playing) {
    if (playing !== this.root.classList.contains("ks-playing")) this.played(playing);
    this.root.classList.toggle("ks-playing", playing);
    if (playing && this.dock.stacked && matchMedia(PHONE).matches && !this.#seesFilled()) [...this.columns.values()][0].element.scrollIntoView({ block: "start" });
  }

  /** Whether all from the first map to the one that the window fills lies above the ledger. */
  #seesFilled() {
    const filled = this.root.querySelector(`[data-view="${this.viewName(this.slidOver, [0, this.output, 0, 0])}"]`);
    const first = [...this.columns.values()][0].element;
    return first.getBoundingClientRect().top >= 0 && filled?.getBoundingClientRect().bottom <= this.ledger.element.getBoundingClientRect().top;
  }

  /** The window was moved on by a button: the pinned cell stays in sight. @param {Place} place */
  #step(place) {
    this.pick(place);
    this.walked(this.viewName(this.model.byNumber.get(place.stage), place.index));
  }

  /** The window slides over a cell: it is pinned while it does. @param {Place} place */
  #pass(place) {
    this.pin = place;
    this.hover = null;
    this.remark();
    this.#say();
    this.#askAboutPin();
  }

  /** A cell was pinned. @param {Place} _place */
  chosen(_place) {}

  #askAboutPin() {
    this.channel.pins += 1;
    clearTimeout(this.pinTimer);
    this.pinTimer = window.setTimeout(() => this.channel.sendPin(this.pin), PIN_SETTLE);
  }

  /**
   * Look at another kernel's maps from now on: the same cell of the other map, what was asked stays asked.
   * @param {number} output
   */
  tellOutput(output) {
    const shape = this.pin && this.model.values.get(this.pin.stage)?.shape;
    if (shape?.length === 4 && this.pin.stage >= 0) this.pin = { stage: this.pin.stage, index: [0, output, ...this.pin.index.slice(2)] };
    this.hover = null;
    this.draw(this.source, false);
    this.channel.pins += 1;
    this.channel.pin = this.pin && { ...this.pin, count: this.channel.pins };
    this.channel.sendOutput(output);
  }

  /** A key was pressed on a map. @param {KeyboardEvent} event @param {string} view */
  walk(event, view) {
    walk(this, event, view);
  }

  /** The cell of a view that walking begins at. @param {string} view */
  firstOn(view) {
    const stage = this.stageOfView(view);
    const index = this.model.values.get(stage.stage).shape.map(() => 0);
    if (index.length === 4) index[1] = this.channelOf(stage, view);
    return index;
  }

  /** The pinned cell was walked on a map. @param {string} _view */
  walked(_view) {}

  /** The window has begun or ended to slide by itself. @param {boolean} _playing */
  played(_playing) {}

  /** The stage that a view shows. @param {string} view */
  stageOfView(view) {
    return this.model.ofView(view);
  }

  /** The pinned cell's index, if it lies on this view's map. @param {string} view @returns {number[] | null} */
  pinnedOn(view) {
    return this.pin?.stage === this.stageOfView(view).stage ? this.pin.index : null;
  }

  // ---- editing -----------------------------------------------------------------------------------------------

  begun() {
    this.slide.end();
    super.begun();
  }

  /** @param {number} direction */
  nudge(direction) {
    if (this.pin?.stage !== -1) return;
    const [, , row, column] = this.pin.index;
    const { step, low, high } = this.header.brush;
    const value = Number((this.model.value(-1, this.pin.index) + direction * step).toFixed(10));
    const next = Math.min(high ?? Infinity, Math.max(low ?? -Infinity, value));
    this.edits.changeCells([{ row, column }], next, this.inputPlane(this.pin.index), true);
  }

  /** The pinned input cell holds 0 from now on, as an emptied one of a spreadsheet counts. */
  empty() {
    const [, , row, column] = this.pin.index;
    this.edits.changeCells([{ row, column }], 0, this.inputPlane(this.pin.index));
    this.edits.endCells();
  }

  /** A letter was typed on an input cell. */
  refuseWord() {
    this.notice.tell(NO_WORDS);
  }

  /** @param {string | null} text what was typed, null to begin with the value that stands there */
  openEditor(text) {
    const [, , row, column] = this.pin.index;
    const { kind, low, high } = this.header.brush;
    this.editor.open(this.inputGrid(this.pin.index), { row, column }, text, this.model.value(-1, this.pin.index), { kind, low, high });
  }
}

/** The box of a single cell. @param {number[]} index */
export function boxAt(index) {
  const [row, column] = index.length === 4 ? [index[2], index[3]] : [index[1], 0];
  return { top: row, left: column, bottom: row, right: column };
}

/** @param {Place} a @param {Place} b */
export function same(a, b) {
  return a.stage === b.stage && a.param === b.param && a.index.length === b.index.length && a.index.every((x, k) => x === b.index[k]);
}
