/**
 * What every page of stages has in common: a model that Python sends, one cell under the pointer and one pinned, the sum
 * behind it, the window that slides, edits with their undo, and what is said aloud. Pages differ in what they draw.
 * @module
 */

import * as announce from "./announce.js";
import { ask } from "./ask.js";
import { unpack } from "./blob.js";
import { Busy } from "./busy.js";
import { CellEditor } from "./cell_editor.js";
import { Channel } from "./channel.js";
import { copyLinkButton } from "./copy_link.js";
import { Dock } from "./dock.js";
import { h, move, oncePerFrame, setText } from "./dom.js";
import { Edits } from "./edits.js";
import { explained } from "./explained.js";
import { short } from "./format.js";
import { Glimpse } from "./glimpse.js";
import { keep, takeUp } from "./keep.js";
import { NO_WORDS } from "./keys.js";
import { tellSizes } from "./layout.js";
import { Ledger } from "./ledger.js";
import { LedgerWriter } from "./ledger_writer.js";
import { Model } from "./model.js";
import { nameOf } from "./names.js";
import { Notice } from "./notice.js";
import { barColours, isDark } from "./scale.js";
import { Slide } from "./slide.js";
import { changes } from "./told.js";
import { Undo } from "./undo.js";
import { Waiting } from "./waiting.js";
import { walk } from "./walk.js";

/** @typedef {{stage: number, index: number[], param?: string}} Place  `param`, "weight" or "bias", where one of these is asked, not a cell */
const PIN_SETTLE = 120; // ms: walking by arrow key asks the server about the cell where it ends

/**
 * A page gives: `bar` (what stands above the ledger), `share` (of `sharing`), `output` (the kernel that is looked at),
 * `channelOf(stage, view)`, `inputPlane(index)`, `draw(source, tell, anew)`, `mark()`, `layout()`, `show(header)`,
 * `showTerm(term)`, `kernelColumns()` and, where it needs them, `begin`, `chosen`, `walked`,
 * `played` and `opened`.
 */
export class Board {
  /**
   * @param {string} component its name, by which Python answers it
   * @param {{thorough?: boolean, slides?: boolean}} [options] `thorough`: for the player; `slides`: whether there is one
   */
  constructor(component, { thorough = false, slides = true } = {}) {
    this.slides = slides;
    /** By whom Python answers it; the first header may name another desk. */
    this.component = component;
    const asked = (/** @type {any} */ message) => ask(this.component, message);
    this.channel = new Channel(asked, (bytes) => this.take(bytes));
    /** @type {Place | null} */
    this.hover = null;
    /** @type {Place | null} */
    this.pin = null;
    /** @type {Place | null} A weight's gradient that was chosen: it is no cell to be pinned. */
    this.standing = null;
    /** @type {Place | null} The cell that a term speaks of. */
    this.term = null;
    this.dark = false;
    /** What stands side by side, by view. @type {Map<string, import("./column.js").Column>} */
    this.columns = new Map();
    /** Counts draws, those of the same numbers at another size aside, so that the ledger knows whether its numbers are still the ones on screen. */
    this.draws = 0;
    this.notice = new Notice(() => this.history.element);
    this.live = h("p", { class: "ks-unseen", "aria-live": "polite" });
    this.edits = new Edits({
      model: () => this.model,
      header: () => this.header,
      columns: () => this.kernelColumns(),
      channel: this.channel,
      begin: () => this.#beginEdit(),
      beside: (output) => this.beside(output),
      sent: (edit) => this.waiting.answer(edit),
      redraw: () => this.redraw(),
    });
    this.history = new Undo({ send: (edit) => this.edits.send(edit), ready: () => !!this.header });
    this.corner = h("div", { class: "ks-corner" });
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
    });
    this.writer = new LedgerWriter(this);
    this.editor = new CellEditor({
      change: (cell, value) => this.edits.changeCells([cell], value, this.inputPlane(this.pin.index)),
      end: () => this.edits.endCells(),
      refuse: (sentence) => this.notice.tell(sentence),
    });
    this.busy = new Busy();
    this.waiting = new Waiting({ busy: this.busy, channel: this.channel, send: (edit) => this.edits.send(edit), header: () => this.header });
    this.glimpse = new Glimpse({
      ask: asked,
      session: () => this.channel.session,
      base: () => this.header.revision,
      gesture: () => this.edits.revision,
      edit: () => this.edits.current,
      waits: () => this.waits(),
      take: (told, arrays) => this.glimpsed(told, arrays),
    });
    this.redraw = oncePerFrame(() => {
      // The answer to the gesture's end may come before its last frame: what it brought is on screen, and stays.
      if (!this.edits.busy && this.header.revision >= this.channel.sent) return;
      this.draw("preview");
      this.glimpse.want();
    });
    this.remark = oncePerFrame(() => this.mark());
  }

  /** The stage that the window slides over; nothing where there is none. */
  get slidOver() {
    return this.header && this.model?.byNumber.get(this.header.kernel.stage);
  }

  /** What hands the page on, in one group. @param {string} what its link opens, such as "laboratory" @param {HTMLElement[]} more */
  sharing(what, ...more) {
    const copy = copyLinkButton(what, { link: () => this.header.link, tell: (sentence, passes) => this.notice.tell(sentence, passes) });
    return h("div", { class: "ks-history", role: "group", "aria-label": "Share" }, copy, ...more);
  }

  /** Put the page's elements where they are seen, and listen. @param {HTMLElement} parent @param {HTMLElement} root */
  enter(parent, root) {
    this.root = root;
    tellSizes(root);
    root.prepend(this.skip);
    parent.append(root);
    this.dock = new Dock(root, this.bar, (where) => this.lay(where));
    this.observer = new ResizeObserver(oncePerFrame(() => this.#resized()));
    this.observer.observe(root);
    this.history.enter(root);
  }

  /** The width that all sizes follow, in px. */
  get width() {
    return this.root.clientWidth;
  }

  /** The page's height, which is another one with every sum that the ledger tells, makes nothing larger or smaller. */
  #resized() {
    const { width } = this;
    if (width !== this.roomFor) {
      this.layout();
      this.notice.place();
    }
    this.roomFor = width;
    this.dock.check();
  }

  /** Play goes with the ledger where that lies at the window's edge, on a narrow page undo too. @param {import("./dock.js").Where} where */
  lay(where) {
    // Last of the bar, though seen first: whoever comes to the bar by Tab from a page that scrolls to it comes to play.
    if (this.slides && where === "page") move(this.slide.player.element, this.bar);
    else if (this.slides) move(this.slide.player.element, this.ledger.dock, "prepend");
    move(this.history.element, where === "stacked" ? this.ledger.dock : this.corner);
    move(this.share, where === "stacked" ? this.bar : this.corner);
  }

  leave() {
    this.channel.arrived = () => {};
    this.slide.end();
    this.busy.leave();
    this.ledger.leave();
    for (const column of this.columns.values()) column.remove();
    this.observer.disconnect();
    this.dock.leave();
    this.history.leave();
    this.writer.leave();
    this.root.remove();
  }

  // ---- what Python sends -------------------------------------------------------------------------------------

  /**
   * Whether what came is for this board: the framework may hand the place of one page's to another page's.
   * @param {Uint8Array} data
   */
  takes(data) {
    const { desk } = unpack(data).header;
    return !this.header || !desk || desk === this.component;
  }

  /**
   * @param {Uint8Array} data
   * @param {(name: string, value: any) => void} setStateValue
   */
  receive(data, setStateValue) {
    this.channel.setStateValue = setStateValue;
    const dark = isDark(this.root);
    const flipped = dark !== this.dark;
    this.dark = dark;
    const [below, above] = barColours(dark);
    this.root.style.setProperty("--ks-negative", below);
    this.root.style.setProperty("--ks-positive", above);
    if (data !== this.lastData) {
      this.lastData = data;
      this.take(data);
    } else if (flipped && this.model) this.draw(this.source);
  }

  /** @param {Uint8Array} data */
  take(data) {
    // Before anything is asked for: by whom it is answered.
    if (!this.header) this.component = unpack(data).header.desk ?? this.component;
    const header = this.channel.receive(data);
    if (header && !this.edits.busy) this.#adopt(header);
  }

  /** @param {any} header */
  #adopt(header) {
    if (!this.header) this.begin(header);
    const resuming = !this.header && takeUp(header, this.channel);
    const goesOn = !!this.header && this.goesOn(header);
    this.header = header;
    this.channel.shows(header);
    // Until it has been, the one before is what the tab remembers: whoever loads the page once more is to find it.
    if (!resuming) keep(header.link, header.session, goesOn);
    this.model = new Model(header.stages, this.channel.arrays, header.told);
    if (header.pin_count >= this.channel.pins) this.pin = header.pin;
    else if (this.pin && !this.model.has(this.pin.stage, this.pin.index)) this.pin = header.pin;
    if (this.hover && !this.holds(this.hover)) this.hover = null;
    if (this.standing && !this.holds(this.standing)) this.standing = null;
    // It spoke of the numbers before; a term that is still under the pointer is entered anew with the sum that is written.
    this.term = null;
    this.history.describe(header.history);
    // Of a session that is about to be taken up again only its own words count.
    if (!resuming) this.notice.arrived(header);
    this.show(header);
    this.draw("cnn_core");
    this.#tellChanges(header);
    this.waiting.arrived(header);
  }

  /** Whether what came is another place, which the browser's Back leaves for the one before. @param {any} _header */
  goesOn(_header) {
    return false;
  }

  /** Whether a place is on screen. @param {Place} place */
  holds({ stage, index }) {
    return this.model.has(stage, index);
  }

  /** What the numbers on screen are gradients of, "" where they are values. */
  get of() {
    return "";
  }

  /** What else is made with an output's weights: stages, and which of their own outputs. @param {number} _output @returns {{stage: number, output: number}[]} */
  beside(_output) {
    return [];
  }

  /** The stages whose values the gesture under way waits for; null where it waits for nothing. @returns {number[] | null} */
  waits() {
    return this.model.waiting.size ? [...this.model.waiting] : null;
  }

  /**
   * What the gesture waited for has come, and the gesture goes on.
   * @param {any} told its `stages`: a stage's number and the names of what came for it
   * @param {Map<string, import("./blob.js").Tensor>} arrays
   */
  glimpsed({ stages }, arrays) {
    this.channel.lend(arrays);
    for (const stage of stages) this.model.take(stage, arrays);
    this.renewed();
    this.draw("preview");
  }

  /** Stages have other arrays than they had, and are about to be drawn. */
  renewed() {}

  /** Dim what is older than the hand, where it stays so long enough to be read. @param {HTMLElement} element @param {boolean} late */
  late(element, late) {
    element.classList.toggle("ks-late", late);
  }

  /** The first header has come. @param {any} _header */
  begin(_header) {}

  /** What this answer changed, for those who do not see it. @param {any} header */
  #tellChanges(header) {
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

  /** The columns that are on screen, as Python described them. @returns {any[]} */
  sideBySide() {
    return this.header.columns;
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

  /** On a phone the ledger leaves its room to the maps while they are filled. @param {boolean} playing */
  #playing(playing) {
    if (playing !== this.root.classList.contains("ks-playing")) this.played(playing);
    this.root.classList.toggle("ks-playing", playing);
    if (playing && this.dock.stacked) [...this.columns.values()][0].element.scrollIntoView({ block: "start" });
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

  #beginEdit() {
    this.slide.end();
    this.notice.tell("");
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
