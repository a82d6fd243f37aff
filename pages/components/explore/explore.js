/**
 * The strip of stages: what is drawn, what is hovered and pinned, and the gestures that change it.
 * @module
 */

import * as announce from "../common/announce.js";
import { ask } from "../common/ask.js";
import { Channel } from "../common/channel.js";
import { h, oncePerFrame, setText } from "../common/dom.js";
import { short } from "../common/format.js";
import { keep, takeUp } from "../common/keep.js";
import { Ledger } from "../common/ledger.js";
import { Model } from "../common/model.js";
import { nameOf } from "../common/names.js";
import { Notice } from "../common/notice.js";
import { isDark } from "../common/scale.js";
import { ravel, unravel } from "../common/windows.js";
import { Brush } from "./brush.js";
import { Busy } from "./busy.js";
import { CellEditor } from "./cell_editor.js";
import { copyLink, pasted } from "./clipboard.js";
import { Column } from "./column.js";
import { Commands } from "./commands.js";
import { Dense } from "./dense.js";
import { drawKernel, drawStage } from "./drawing.js";
import { Edits, thicken } from "./edits.js";
import { weightSize } from "./kernel.js";
import { STACKED_WIDTH, TALLEST, cellSize } from "./layout.js";
import { Look } from "./look.js";
import { numbersOf, numbersOfKernel, planeOf } from "./numbers.js";
import { PhotoDoor } from "./photo_door.js";
import { Player } from "./player.js";
import { Shown } from "./shown.js";
import { changes } from "./told.js";
import { veil } from "./veil.js";
import { Waiting } from "./waiting.js";
import { Zoom } from "./zoom.js";

/** @typedef {{stage: number, index: number[]}} Place */
const COLUMN = { bars: 140, vector: 84, missing: 130 }; // px a column that is no map
const READABLE = 50; // ms: a sum that changes faster cannot be read
const PIN_SETTLE = 120; // ms: walking by arrow key asks the server about the cell where it ends

export class Explore {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.channel = new Channel((message) => ask("explore", message), (bytes) => this.#take(bytes));
    /** @type {Map<string, Column>} */
    this.columns = new Map();
    /** @type {Place | null} */
    this.hover = null;
    /** @type {Place | null} */
    this.pin = null;
    this.dark = false;
    this.shown = new Shown(() => this.model, () => this.header.kernel.linked);
    this.brush = new Brush({ refuse: (sentence) => this.notice.tell(sentence) });
    /** Counts draws, so that the ledger knows whether its numbers are still the ones on screen. */
    this.draws = 0;
    this.edits = new Edits({
      model: () => this.model,
      header: () => this.header,
      columns: () => this.columns.get("kernel").view.columns,
      channel: this.channel,
      begin: () => this.#beginEdit(),
      sent: (edit) => this.waiting.answer(edit),
      redraw: () => this.redraw(),
    });

    this.undo = h("button", { type: "button", class: "ks-button", text: "↶ Undo", title: "Ctrl+Z", onclick: () => this.edits.send({ op: "undo" }) });
    this.copyLink = h("button", { type: "button", class: "ks-button", text: "Copy link", title: "A link that opens this very experiment", onclick: async () => this.notice.tell(await copyLink(this.header.link)) });
    this.take = h("button", { type: "button", class: "ks-button", text: "Take away…", title: "Pictures, numbers, a script, a scenario file", onclick: () => this.commands.run("take") });
    this.redo = h("button", { type: "button", class: "ks-button", text: "↷ Redo", title: "Ctrl+Shift+Z", onclick: () => this.edits.send({ op: "redo" }) });
    this.notice = new Notice();
    this.live = h("p", { class: "ks-unseen", "aria-live": "polite" });
    this.strip = h("div", { class: "ks-strip" });
    this.player = new Player({
      go: (k, playing) => this.#slide(k, playing),
      count: () => this.#slidingShape()?.reduce((a, b) => a * b, 1) ?? 0,
      where: () => this.#slidingPlace(),
    });
    this.ledger = new Ledger({
      pick: (stage, index) => this.#pick({ stage, index }),
      term: (term) => this.#showTerm(term),
    });
    this.editor = new CellEditor({
      change: (cell, value) => this.edits.changeCells([cell], value, this.shown.inputPlane),
      end: () => this.edits.endCells(),
      refuse: (sentence) => this.notice.tell(sentence),
    });
    this.sentence = h("p", { class: "ks-sentence" });
    this.zoom = new Zoom(() => this.pin && this.#pinnedOn(this.model.byNumber.get(this.pin.stage).view));
    this.look = new Look(() => this.model && this.#draw(this.source, false));
    this.busy = new Busy();
    this.waiting = new Waiting({ busy: this.busy, channel: this.channel, send: (edit) => this.edits.send(edit), header: () => this.header });
    this.door = new PhotoDoor({
      limit: () => this.header.upload_limit,
      refuse: (sentence) => this.notice.tell(sentence),
      start: (name) => this.waiting.upload(name),
    });
    this.commands = new Commands({
      send: (edit) => this.edits.send(edit),
      refuse: (sentence) => this.notice.tell(sentence),
      header: () => this.header,
      brush: () => this.brush.value,
      output: () => this.shown.output,
      plane: () => this.shown.kernelPlane,
      inputPlane: () => this.shown.inputPlane,
      ask: (edit) => this.waiting.ask(edit),
      busy: this.busy,
      dark: () => this.dark,
      drawing: (view) => planeOf(this.columns.get(view), this.model.ofView(view).names, this.dark),
      numbers: (view) => this.#numbers(view),
      door: this.door,
      ui: new URL("..", import.meta.url).href.replace(/\/$/, ""),
    });
    this.dense = new Dense({
      change: (stage, cells) => this.edits.changeDense(stage, cells),
      end: () => this.edits.endDense(),
      send: (edit) => this.edits.send(edit),
      refuse: (sentence) => this.notice.tell(sentence),
      output: () => this.shown.output,
      redraw: () => this.model && this.#draw(this.source, false),
    });
    this.history = h("div", { class: "ks-history", role: "group", "aria-label": "History" }, this.undo, this.redo);
    this.share = h("div", { class: "ks-history", role: "group", "aria-label": "Share" }, this.copyLink, this.take);
    this.bar = h("div", { class: "ks-bar-top" }, this.look.element, this.zoom.element);
    this.corner = h("div", { class: "ks-corner" });
    this.#dock(false);
    this.root = h("div", { class: "ks" }, this.notice.element, this.busy.element, this.corner, this.strip, this.sentence, this.bar, this.ledger.element, this.dense.element, this.live, this.commands.dialog.element);
    parent.append(this.root);
    this.door.acceptDrops(document.body, () => this.columns.get("input")?.element);

    this.redraw = oncePerFrame(() => this.#draw("preview"));
    this.remark = oncePerFrame(() => this.#mark());
    this.observer = new ResizeObserver(oncePerFrame(() => this.#layout()));
    this.observer.observe(this.root);
    this.onKey = (/** @type {KeyboardEvent} */ event) => this.#shortcut(event);
    document.addEventListener("keydown", this.onKey);
    this.onPaste = (/** @type {ClipboardEvent} */ event) => this.#paste(event);
    document.addEventListener("paste", this.onPaste);
  }

  leave() {
    this.channel.arrived = () => {};
    this.player.pause();
    this.door.leave();
    this.busy.leave();
    this.observer.disconnect();
    document.removeEventListener("keydown", this.onKey);
    document.removeEventListener("paste", this.onPaste);
    clearTimeout(this.ledgerTimer);
    this.commands.leave();
    this.root.remove();
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
    if (data !== this.lastData) {
      this.lastData = data;
      this.#take(data);
    } else if (flipped && this.model) this.#draw(this.source);
  }

  /** @param {Uint8Array} data */
  #take(data) {
    const header = this.channel.receive(data);
    if (header && !this.edits.busy) this.#adopt(header);
  }

  /** @param {any} header */
  #adopt(header) {
    if (!this.header) this.shown.output = header.output;
    const resuming = !this.header && takeUp(header, this.channel);
    this.header = header;
    keep(header.link, header.session);
    this.model = new Model(header.stages, this.channel.arrays);
    if (header.pin_count >= this.channel.pins) this.pin = header.pin;
    else if (this.pin && !this.model.has(this.pin.stage, this.pin.index)) this.pin = header.pin;
    if (this.hover && !this.model.has(this.hover.stage, this.hover.index)) this.hover = null;
    this.shown.output = Math.min(this.shown.output, header.kernel.outputs.length - 1);
    this.undo.setAttribute("aria-disabled", String(!header.history.undo));
    this.redo.setAttribute("aria-disabled", String(!header.history.redo));
    // Of a session that is about to be taken up again only its own words count.
    if (!resuming) this.notice.arrived(header);
    const { title, sentence, facts } = header.kernel.outputs[this.shown.output];
    this.sentence.replaceChildren(h("b", { text: title }), ` ${sentence} `, h("span", { text: facts }));
    this.#columns();
    // Asking for widths has the browser lay the page out at once: only where something has another size.
    const sizes = JSON.stringify(this.#sizes());
    if (sizes !== this.laidOut) this.#layout(false);
    this.laidOut = sizes;
    this.#draw("cnn_core");
    this.#tellChanges(header);
    this.waiting.arrived(header);
  }

  /** What this answer changed, for those who do not see it. @param {any} header */
  #tellChanges(header) {
    const before = this.told;
    this.told = header;
    if (!before) return;
    const told = changes(before.columns, header.columns);
    if (this.pin && (told || header.revision > before.revision)) setText(this.live, `${told}Now ${this.#inWords(this.pin)}`);
    // Another input or kernel has other sums, and needs other room for them.
    const shape = (/** @type {any} */ { columns }, /** @type {string} */ view) => columns.find((/** @type {any} */ each) => each.view === view).shape;
    if (["input", "kernel"].some((view) => shape(before, view) !== shape(header, view))) this.ledger.relax();
  }

  /** A cell and its number, to be read aloud. @param {Place} place */
  #inWords({ stage, index }) {
    return `${nameOf(this.model, stage, index)} is ${short(this.model.value(stage, index), 6)}`;
  }

  // ---- columns -----------------------------------------------------------------------------------------------

  #columns() {
    const wanted = this.header.columns;
    for (const [view, column] of this.columns) {
      if (!wanted.some((each) => each.view === view && each.kind === column.kind)) {
        column.remove();
        this.columns.delete(view);
      }
    }
    let place = 0;
    for (const each of wanted) {
      let column = this.columns.get(each.view);
      if (!column) {
        column = new Column(each, this.#columnHandlers());
        this.columns.set(each.view, column);
      }
      // Moving an element that is in its place would take the focus from whoever is typing in it.
      if (this.strip.children[place] !== column.sign) {
        this.strip.insertBefore(column.element, this.strip.children[place] ?? null);
        this.strip.insertBefore(column.sign, column.element);
      }
      place += 2;
      column.describe(each);
    }
    this.brush.describe(this.header.brush, this.columns.get("input").bottom.element);
  }

  #columnHandlers() {
    return {
      controls: {
        send: (/** @type {any} */ edit) => this.edits.send(edit),
        run: (/** @type {string} */ command) => this.commands.run(command),
        refuse: (/** @type {string} */ sentence) => this.notice.tell(sentence),
      },
      cell: (/** @type {string} */ view) => this.#handlers(view),
      kernel: {
        change: (/** @type {number[]} */ values) => this.edits.changeWeights(values, this.shown.output, this.shown.kernelPlane),
        end: () => this.edits.endWeights(),
        refuse: (/** @type {string} */ sentence) => this.notice.tell(sentence),
        hover: (/** @type {number | null} */ position) => this.#showWeight(position),
      },
      plane: (/** @type {string} */ view, /** @type {number} */ plane) => this.#choosePlane(view, plane),
      output: (/** @type {number} */ output) => this.#chooseOutput(output),
    };
  }

  /** @param {string} view */
  #numbers(view) {
    if (view === "kernel") return numbersOfKernel(this.columns.get(view));
    const stage = this.model.ofView(view);
    return numbersOf(this.model, stage, this.shown.channelOf(stage), this.pin);
  }

  /** A picture or rows of numbers in the clipboard become the input. @param {ClipboardEvent} event */
  #paste(event) {
    const found = this.commands.dialog.isOpen ? null : pasted(event);
    if (!found) return;
    event.preventDefault();
    if ("picture" in found) this.door.take(found.picture);
    else this.commands.pasteGrid(found.text).then((why) => this.notice.tell(why));
  }

  // ---- which plane -------------------------------------------------------------------------------------------

  /** @param {string} view @param {number} plane */
  #choosePlane(view, plane) {
    if (view !== "input" && view !== "kernel") {
      this.#chooseOutput(plane);
      return;
    }
    this.shown.choose(view, plane);
    if (this.pin?.stage === -1) this.pin = { stage: -1, index: [0, this.shown.plane, ...this.pin.index.slice(2)] };
    this.#draw(this.source, false);
  }

  /** @param {number} output */
  #chooseOutput(output) {
    if (output === this.shown.output) return;
    this.edits.finish();
    this.shown.output = output;
    const shape = this.pin && this.model.values.get(this.pin.stage)?.shape;
    // The same cell of the other map: what was asked stays asked.
    if (shape?.length === 4 && this.pin.stage >= 0) this.pin = { stage: this.pin.stage, index: [0, output, ...this.pin.index.slice(2)] };
    this.hover = null;
    this.#draw(this.source, false);
    this.channel.pins += 1;
    this.channel.pin = this.pin && { ...this.pin, count: this.channel.pins };
    this.channel.sendOutput(output);
  }

  /** On a narrow screen play and undo go with the ledger, which is always in sight. @param {boolean} stacked */
  #dock(stacked) {
    if (this.docked === stacked) return;
    this.docked = stacked;
    if (stacked) {
      this.ledger.dock.append(this.player.element, this.history);
      this.bar.append(this.share);
    } else {
      this.corner.append(this.history, this.share);
      this.bar.prepend(this.player.element);
    }
  }

  /** All that decides how wide and tall each column is, the page aside. */
  #sizes() {
    const columns = this.header.columns.map(({ view, kind }) => {
      const stage = this.model.ofView(view);
      return { view, kind, shape: stage && this.model.values.get(stage.stage).shape, ring: stage?.ring, field: stage?.field };
    });
    return { columns, kernel: this.channel.arrays.get(this.header.kernel.array).shape };
  }

  #layout(draw = true) {
    if (!this.header) return;
    const width = this.root.clientWidth;
    if (!width) return;
    const { columns: all, kernel } = this.#sizes();
    const maps = all.filter((each) => each.kind === "map");
    const sizes = maps.map(({ shape, ring }) => ({ rows: shape[2], columns: shape[3], ring }));
    const kernelWidth = Math.max(150, kernel[3] * (weightSize(Math.max(kernel[2], kernel[3])) + 2) + 6);
    const others = all.filter((each) => each.kind !== "map").map(({ kind }) => COLUMN[kind] ?? kernelWidth);
    const cells = cellSize(width, sizes, others);
    this.root.classList.toggle("ks-stacked", cells.stacked);
    this.root.classList.toggle("ks-tight", cells.tight);
    this.#dock(cells.stacked);
    maps.forEach(({ view }, k) => {
      const column = this.columns.get(view);
      const { rows, columns, ring } = sizes[k];
      column.view.resize(rows, columns, cells.sizes[k], ring);
      column.element.style.width = cells.stacked ? "" : `${cells.widths[k]}px`;
      const [top, bottom, left, right] = ring.map((side) => Math.ceil(side * cells.sizes[k]));
      column.view.element.style.margin = `${top}px ${right}px ${bottom}px ${left}px`;
    });
    this.columns.get("kernel").element.classList.toggle("ks-wide-column", kernelWidth > STACKED_WIDTH);
    this.columns.get("kernel").element.style.width = cells.stacked ? "" : `${kernelWidth}px`;
    const flat = this.columns.get("flat");
    if (flat?.kind === "vector") flat.view.resize(all.find(({ view }) => view === "flat").shape[1], cells.stacked ? TALLEST / 2 : TALLEST);
    const looked = maps.map(({ view }, k) => {
      const { rows, columns } = sizes[k];
      return [view, { grid: this.columns.get(view).view, map: { rows, columns, field: maps[k].field } }];
    });
    this.zoom.take(new Map(looked));
    if (draw) this.#draw(this.source ?? "cnn_core", false);
  }

  // ---- drawing -----------------------------------------------------------------------------------------------

  /**
   * @param {"preview" | "cnn_core"} source
   * @param {boolean} [tell] whether this is news to those who listen
   */
  #draw(source, tell = true) {
    this.source = source;
    this.draws += 1;
    this.sentence.classList.toggle("ks-stale", source === "preview" && !!this.edits.weights);
    const { model, dark } = this;
    /** @type {Map<string, any[]>} */
    const groups = new Map();
    for (const stage of model.stages) {
      if (stage.view) groups.set(stage.scale.group, [...(groups.get(stage.scale.group) ?? []), stage]);
    }
    const drawn = [];
    const how = { shown: this.shown, dark, coarse: source === "preview" };
    for (const stages of groups.values()) {
      const scales = this.look.scales(stages.map((stage) => ({ stage, tensor: model.values.get(stage.stage) })));
      stages.forEach((stage, k) => {
        if (source === "preview" && model.waiting.has(stage.stage)) return;
        drawStage(this.columns.get(stage.view), stage, model.values.get(stage.stage), scales[k], how);
        drawn.push(stage.view);
      });
    }
    this.#drawKernel(how);
    drawn.push("kernel");
    this.dense.draw(model, dark, tell ? { source, revision: this.channel.revision } : null);
    this.#mark();
    if (tell) for (const view of drawn) announce.drawn({ view, source, revision: this.channel.revision });
  }

  /** @param {{shown: Shown, dark: boolean}} how */
  #drawKernel(how) {
    const { kernel } = this.header;
    const bank = this.model.weights.get(kernel.stage) ?? this.channel.arrays.get(kernel.array);
    // Without its stage (it does not fit the input) the kernel under the hand is held by the edit alone.
    const painted = this.edits.weights && !this.model.byNumber.has(kernel.stage) ? this.edits.weights.values : null;
    drawKernel(this.columns.get("kernel"), kernel, bank, painted, how);
  }

  /** Where the eye is: the hovered cell, else the pinned one. */
  get place() {
    return this.hover ?? this.pin;
  }

  #mark() {
    const { model, place } = this;
    if (!model) return;
    const relatives = place ? model.relatives(place.stage, place.index, this.shown.output) : new Map();
    const explanation = place ? this.#explanation(place) : null;
    const winner = explanation?.terms.find((term) => model.byNumber.get(place.stage).reduce === "max" && term.weight === 1);
    for (const stage of model.stages) {
      if (!stage.view) continue;
      const channel = stage.stage === -1 && this.shown.inColour ? null : this.shown.channelOf(stage);
      const here = (/** @type {number[]} */ index) => index.length !== 4 || channel === null || index[1] === channel;
      const marks = [];
      if (this.pin && this.hover && stage.stage === this.pin.stage && here(this.pin.index)) marks.push({ box: boxAt(this.pin.index), role: "pinned" });
      const own = relatives.get(stage.stage);
      if (own && (own.channel === null || channel === null || own.channel === channel)) marks.push(own);
      if (winner && stage.stage === winner.stage && here(winner.index)) marks.push({ box: boxAt(winner.index), role: "winner" });
      if (this.term && stage.stage === this.term.stage && here(this.term.index)) marks.push({ box: boxAt(this.term.index), role: "term" });
      this.columns.get(stage.view).view.drawMarks(marks, this.reached ? veil(model, stage.stage, this.reached) : null);
    }
    this.columns.get("kernel")?.view.mark(this.weightShown ?? null);
    // Under the hand the maps come first, and the sum follows as fast as it can be read.
    if (this.source !== "preview") this.#write(explanation);
    else this.ledgerTimer ??= window.setTimeout(() => this.#write(this.place && this.#explanation(this.place)), READABLE);
    this.player.tell();
  }

  /**
   * The ledger is written anew only for another cell or other numbers: replacing a term under the pointer would make
   * the pointer enter it again, and again.
   * @param {any} explanation null where no cell is looked at
   */
  #write(explanation) {
    clearTimeout(this.ledgerTimer);
    this.ledgerTimer = undefined;
    if (!explanation) return;
    const pinned = !this.hover || !!(this.pin && same(this.hover, this.pin));
    const written = JSON.stringify([explanation.stage, explanation.index, pinned, this.draws]);
    if (written === this.written) return;
    this.written = written;
    this.ledger.draw(this.model, explanation, { pinned, dark: this.dark, shown: this.shown.output });
  }

  /** The pinned cell's ledger is cnn_core's own; one under the pointer is summed from the same arrays. @param {Place} place */
  #explanation(place) {
    const given = this.header.explanation;
    if (given && this.source === "cnn_core" && same(place, given)) {
      const stage = this.model.byNumber.get(given.stage);
      // Terms come plane after plane; a kernel position has one hue on all of them.
      const taps = stage.link?.kind === "window" ? stage.link.extent[0] * stage.link.extent[1] : Infinity;
      return { ...given, formula: stage.formula ?? given.formula, terms: given.terms.map((term, k) => ({ ...term, key: k % taps })) };
    }
    return this.model.explain(place.stage, place.index);
  }

  /** @param {any} term */
  #showTerm(term) {
    this.term = null;
    this.weightShown = null;
    if (term) {
      if (term.index) {
        const made = this.model.made(term.stage, term.index);
        this.term = { stage: made.stage.stage, index: made.index };
      }
      if (this.place.stage === this.header.kernel.stage) this.weightShown = term.key;
    }
    this.remark();
  }

  /** Hovering a weight shows the cell it meets in the window being looked at. @param {number | null} position */
  #showWeight(position) {
    const { place } = this;
    this.term = null;
    this.weightShown = position;
    if (position !== null) this.#sayWeight(position);
    if (position !== null && place && place.stage === this.header.kernel.stage) {
      const channel = this.shown.channelOf(this.model.byNumber.get(-1));
      const { length } = this.columns.get("kernel").view.values;
      const term = this.model.explain(place.stage, place.index).terms[channel * length + position];
      if (term?.index) this.term = { stage: term.stage, index: term.index };
    }
    this.remark();
  }

  /** @param {number} position */
  #sayWeight(position) {
    const { stage } = this.header.kernel;
    const { values, columns } = this.columns.get("kernel").view;
    const value = values[position];
    const index = [this.shown.output, this.shown.kernelPlane ?? 0, Math.floor(position / columns), position % columns];
    const said = { stage, index, rule: "weight", value, terms: [], bias: 0, total: value, residual: 0, formula: null };
    announce.cell("kernel", said, this.channel.revision);
  }

  // ---- looking -----------------------------------------------------------------------------------------------

  /** @param {string} view */
  #handlers(view) {
    const stageOf = () => this.model.ofView(view);
    const indexOf = (/** @type {any} */ cell) => {
      const { shape } = this.model.values.get(stageOf().stage);
      return shape.length === 4 ? [0, this.shown.channelOf(stageOf()), cell.row, cell.column] : [0, cell.row];
    };
    const on = {
      hover: (/** @type {any} */ cell) => this.#look(cell ? { stage: stageOf().stage, index: indexOf(cell) } : null),
      pick: (/** @type {any} */ cell) => {
        const place = { stage: stageOf().stage, index: indexOf(cell) };
        // A second tap asks for the keyboard, which a finger could not call otherwise.
        if (view === "input" && this.pin && same(place, this.pin)) this.#openEditor(null);
        else this.#pick(place);
      },
      key: (/** @type {KeyboardEvent} */ event) => this.zoom.key(event, this.#pinnedOn(view)) || this.#walk(event, view),
      zoom: (/** @type {number} */ factor, /** @type {any} */ point) => this.zoom.at(view, factor, point),
      pan: (/** @type {number} */ right, /** @type {number} */ down) => this.zoom.pan(view, right, down),
    };
    if (view !== "input") return on;
    return {
      ...on,
      // A finger that means to scroll must not paint over a picture.
      draws: (/** @type {string} */ pointerType) => pointerType !== "touch" || this.brush.drawing || this.header.brush.kind === "grid",
      stroke: (/** @type {any[]} */ cells, /** @type {string} */ phase) => {
        const size = this.model.values.get(-1).shape.slice(2);
        if (phase === "end") this.edits.endCells();
        else this.edits.changeCells(thicken(cells, this.header.brush.radius, size), this.brush.value, this.shown.inputPlane);
        const last = cells[cells.length - 1];
        if (last) this.#look({ stage: -1, index: indexOf(last) });
      },
      wheel: (/** @type {WheelEvent} */ event) => this.#nudge(event.deltaY < 0 ? 1 : -1),
    };
  }

  /** The pinned cell, if it lies on this view's map. @param {string} view */
  #pinnedOn(view) {
    const { stage } = this.model.ofView(view);
    if (this.pin?.stage !== stage || this.pin.index.length !== 4) return null;
    return { view, row: this.pin.index[2], column: this.pin.index[3] };
  }

  /** @param {Place | null} place */
  #look(place) {
    if (place && this.player.playing) this.player.pause();
    if (place) this.reached = null;
    if ((place === null && this.hover === null) || (place && this.hover && same(place, this.hover))) return;
    this.hover = place;
    this.term = null;
    this.remark();
    this.#say();
  }

  #say() {
    const { place } = this;
    if (!place) return;
    announce.cell(this.model.byNumber.get(place.stage).view, this.#explanation(place), this.channel.revision);
  }

  /** @param {Place} place */
  #pick(place) {
    this.player.pause();
    this.reached = null;
    this.pin = place;
    this.hover = null;
    // A class that is asked is the one whose weights are shown.
    if (this.model.byNumber.get(place.stage).names) this.dense.choose(place.index[1]);
    // A cell of another map than the one on screen brings its map along.
    if (place.stage >= 0 && place.index.length === 4 && place.index[1] !== this.shown.output) this.#chooseOutput(place.index[1]);
    this.remark();
    this.#say();
    setText(this.live, this.#inWords(this.pin));
    this.#askAboutPin();
  }

  #askAboutPin() {
    this.channel.pins += 1;
    clearTimeout(this.pinTimer);
    this.pinTimer = window.setTimeout(() => this.channel.sendPin(this.pin), PIN_SETTLE);
  }

  /** Arrow keys walk the pinned cell over a map; on the input, Shift and up or down change its value. @param {KeyboardEvent} event @param {string} view */
  #walk(event, view) {
    const { stage } = this.model.ofView(view);
    const { shape } = this.model.values.get(stage);
    const here = this.pin?.stage === stage ? this.pin.index : null;
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const step = steps[event.key];
    if (event.key === " " || event.key === "Spacebar") {
      event.preventDefault();
      this.player.toggle();
      return;
    }
    if (view === "input" && here && step && event.shiftKey && step[1] === 0) {
      event.preventDefault();
      this.#nudge(-step[0]);
      return;
    }
    if (view === "input" && here && !event.ctrlKey && !event.metaKey && !event.altKey && (/^[-−.,\d]$/.test(event.key) || event.key === "Enter")) {
      event.preventDefault();
      this.#openEditor(event.key === "Enter" ? null : event.key);
      return;
    }
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const index = here ? [...here] : shape.map(() => 0);
    if (shape.length === 4) index[1] = this.shown.channelOf(this.model.byNumber.get(stage));
    if (here) {
      const rowAxis = shape.length === 4 ? 2 : 1;
      index[rowAxis] = Math.min(shape[rowAxis] - 1, Math.max(0, index[rowAxis] + step[0]));
      if (shape.length === 4) index[3] = Math.min(shape[3] - 1, Math.max(0, index[3] + step[1]));
    }
    this.#pick({ stage, index });
    const place = this.#pinnedOn(view);
    if (place) this.zoom.reveal(view, place);
  }

  /** @param {KeyboardEvent} event */
  #shortcut(event) {
    const inside = event.target instanceof Node && (this.root.contains(event.target) || event.target.contains(this.root));
    if (!inside || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    // Where words are written, what is undone is the writing.
    if (event.target instanceof Element && event.target.closest("dialog, .ks-words")) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    this.edits.send({ op: key === "y" || event.shiftKey ? "redo" : "undo" });
  }

  // ---- sliding -----------------------------------------------------------------------------------------------

  /** Rows and columns of the map that the window slides over: of the first stage with a kernel. */
  #slidingShape() {
    const stage = this.model?.byNumber.get(this.header.kernel.stage);
    return stage ? this.model.values.get(stage.stage).shape.slice(2) : null;
  }

  #slidingPlace() {
    const { place } = this;
    if (!place || place.stage !== this.header.kernel.stage) return -1;
    return ravel(place.index.slice(2), this.#slidingShape());
  }

  /** @param {number} k @param {boolean} playing */
  #slide(k, playing) {
    const place = { stage: this.header.kernel.stage, index: [0, this.shown.output, ...unravel(k, this.#slidingShape())] };
    if (!playing) {
      this.#pick(place);
      return;
    }
    this.pin = place;
    this.hover = null;
    this.reached = place;
    this.remark();
    this.#say();
    this.#askAboutPin();
  }

  // ---- editing -----------------------------------------------------------------------------------------------

  #beginEdit() {
    this.player.pause();
    this.reached = null;
    this.notice.tell("");
  }

  /** @param {number} direction */
  #nudge(direction) {
    if (this.pin?.stage !== -1) return;
    const [, , row, column] = this.pin.index;
    const { step, low, high } = this.header.brush;
    const value = Number((this.model.value(-1, this.pin.index) + direction * step).toFixed(10));
    const next = Math.min(high ?? Infinity, Math.max(low ?? -Infinity, value));
    this.edits.changeCells([{ row, column }], next, this.shown.inputPlane, true);
  }

  /** @param {string | null} text what was typed, null to begin with the value that stands there */
  #openEditor(text) {
    const [, , row, column] = this.pin.index;
    const { low, high } = this.header.brush;
    this.editor.open(this.columns.get("input").view, { row, column }, text, this.model.value(-1, this.pin.index), { low, high });
  }
}

/** @param {number[]} index */
function boxAt(index) {
  const [row, column] = index.length === 4 ? [index[2], index[3]] : [index[1], 0];
  return { top: row, left: column, bottom: row, right: column };
}

/** @param {Place} a @param {Place} b */
function same(a, b) {
  return a.stage === b.stage && a.index.length === b.index.length && a.index.every((x, k) => x === b.index[k]);
}
