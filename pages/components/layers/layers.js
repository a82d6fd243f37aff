/**
 * The layers laboratory: one layer at a time, the map before, the arithmetic and the map after; every number of all three
 * can be asked. What a layer has of its own (a curve, statistics, weights) Python names, and this module draws.
 * @module
 */

import * as announce from "../common/announce.js";
import { Board, boxAt, same } from "../common/board.js";
import { placeColumns } from "../common/column.js";
import { Controls } from "../common/controls.js";
import { Dense } from "../common/dense.js";
import { Dialog } from "../common/dialog.js";
import { h, setText } from "../common/dom.js";
import { inHand } from "../common/hand.js";
import { Look } from "../common/look.js";
import { relativesOf } from "../common/relatives.js";
import { rowsOf, tableOf } from "../common/table.js";
import { Curve } from "./curve.js";
import { sizes } from "./sizes.js";

const INPUT = -1; // stage
const PROBABILITY_PLACES = 4; // decimals
const VECTOR_TALLEST = 272; // px
const BESIDE_FROM = 1200; // px of the page: from here on the weights stand beside the columns
const DENSE_LEAST = 600; // px that they take then
const NEAR = 0.012; // of the axis: cells so near to the pointer on a curve are marked too

/** @typedef {import("../common/board.js").Place} Place */
/** @typedef {import("../common/column.js").Column} Column */

export class Layers extends Board {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    super("layers", { slides: false });
    this.output = 0;
    /** The channel whose weights are looked at; null before one was chosen. @type {number | null} */
    this.read = null;
    this.strip = h("div", { class: "ks-strip" });
    this.first = h("p", { class: "ks-first" });
    this.sentence = h("p", { class: "ks-sentence" });
    this.look = new Look(() => this.model && this.draw(this.source, false));
    this.dialog = new Dialog();
    this.handlers = {
      send: (/** @type {any} */ edit) => this.edits.send(edit),
      slide: (/** @type {any} */ edit) => this.#slideTo(edit),
      run: (/** @type {string} */ command) => this.#table(command.split(":")[1]),
      refuse: (/** @type {string} */ sentence) => this.notice.tell(sentence),
    };
    this.chooser = new Controls(this.handlers);
    this.chooser.element.classList.add("ks-chooser");
    this.settings = new Controls(this.handlers);
    this.start = h("div", { class: "ks-start" }, this.settings.element, this.first);
    this.dense = new Dense(
      {
        change: (stage, cells) => this.edits.changeDense(stage, cells),
        end: () => this.edits.endDense(),
        send: (edit) => this.edits.send(edit),
        refuse: (sentence) => this.notice.tell(sentence),
        output: () => this.read ?? (this.pin?.index.length === 4 ? this.pin.index[1] : 0),
        redraw: () => this.model && this.draw(this.source, false),
        channel: (channel) => {
          this.read = channel;
          this.draw(this.source, false);
        },
      },
      { scores: "scores", maps: "input", title: "before" },
    );
    this.dense.element.open = true;
    /** Beside the columns there is room for the weights, where the page is wide. */
    this.work = h("div", { class: "ks-work" }, this.strip, this.dense.element);
    this.bar = h("div", { class: "ks-bar-top" }, this.sentence, this.look.element);
    this.share = this.sharing("laboratory");
    const root = h("div", { class: "ks ks-layers" }, this.notice.element, this.busy.element, this.corner, this.chooser.element, this.start, this.work, this.bar, this.ledger.element, this.live, this.dialog.element);
    this.enter(parent, root);
  }

  // ---- which plane of which view -----------------------------------------------------------------------------

  /** The map that a view shows, images and channels counted through. @param {string} view */
  #planeIn(view) {
    return Number(view.split("-")[1] ?? 0);
  }

  channelOf(stage, view) {
    return this.#planeIn(view) % this.model.values.get(stage.stage).shape[1];
  }

  stageOfView(view) {
    return this.model.ofView(view.split("-")[0]);
  }

  leave() {
    super.leave();
    this.dense.leave();
  }

  /** Whether a stage is drawn as maps, and not as a vector or a column of scores. @param {any} stage */
  #mapped(stage) {
    return this.columns.get(stage.view)?.kind === "maps";
  }

  /** A cell's map among those of its stage. @param {number} stage @param {number[]} index */
  #plane(stage, index) {
    return index[0] * this.model.values.get(stage).shape[1] + index[1];
  }

  viewName(stage, index) {
    return this.#mapped(stage) ? `${stage.view}-${this.#plane(stage.stage, index)}` : stage.view;
  }

  firstOn(view) {
    const index = super.firstOn(view);
    if (index.length === 4) index[0] = Math.floor(this.#planeIn(view) / this.model.values.get(this.stageOfView(view).stage).shape[1]);
    return index;
  }

  pinnedOn(view) {
    const stage = this.stageOfView(view);
    return this.pin?.stage === stage.stage && this.viewName(stage, this.pin.index) === view ? this.pin.index : null;
  }

  inputPlane(index) {
    return this.#plane(INPUT, index);
  }

  inputGrid(index) {
    const { view, kind } = this.columns.get("input");
    return kind === "maps" ? view.shown.get(this.inputPlane(index)).drawn : view;
  }

  kernelColumns() {
    return 1;
  }

  // ---- what Python sends -------------------------------------------------------------------------------------

  show(header) {
    this.chooser.draw([header.chooser]);
    placeColumns(this.columns, this.sideBySide(), this.strip, {
      controls: this.handlers,
      cell: (view) => this.#on(view),
      curve: ({ title }) => new Curve({ view: "curve", title, on: this.#onCurve() }),
      kernel: null,
      plane: () => {},
      output: () => {},
    });
    this.settings.draw(header.settings);
    setText(this.first, header.first);
    setText(this.sentence, header.sentence);
    this.#offer();
    const laidOut = JSON.stringify([header.kind, header.columns.map((/** @type {any} */ { view, kind, figures }) => [view, kind, figures]), [...this.model.values].map(([stage, { shape }]) => [stage, shape])]);
    if (laidOut !== this.laidOut) {
      this.laidOut = laidOut;
      this.ledger.relax();
      this.layout(false);
    }
    if (this.waitingSlide) {
      const next = this.waitingSlide;
      this.waitingSlide = null;
      // After this answer is on screen.
      queueMicrotask(() => this.#slideTo(next));
    }
  }

  /** What follows from the hand but is no stage follows too: spelled-out sums, the curve's counts, words. */
  glimpsed(told, arrays) {
    this.model.tell(told.told);
    Object.assign(this.header, told.extra);
    setText(this.sentence, told.sentence);
    for (const [view, column] of this.columns) setText(column.note, inHand(told.notes[view]));
    super.glimpsed(told, arrays);
  }

  /** A dial under the hand: as many values go to Python as it answers, the last one always. @param {any} edit */
  #slideTo(edit) {
    if (this.channel.unanswered.length) this.waitingSlide = edit;
    else this.edits.send(edit);
  }

  /** What stands in each column. */
  #offer() {
    for (const { view, kind, figures } of this.header.columns) {
      const column = this.columns.get(view);
      if (kind === "figures") {
        column.view.offer(figures.map((/** @type {string} */ name) => ({ channel: name, label: this.model.ofView(name).title })));
        column.view.element.classList.toggle("ks-pairs", figures.length > 2);
        for (const [name, { drawn }] of column.view.shown) drawn.element.setAttribute("aria-label", this.model.ofView(name).title);
      }
      if (kind !== "maps") continue;
      const stage = this.model.ofView(view);
      const [images, channels] = this.model.values.get(stage.stage).shape;
      // The images of a batch stand side by side, its channels below each other.
      const planes = Array.from({ length: channels * images }, (_, k) => ({ image: k % images, channel: Math.floor(k / images) }));
      const named = (/** @type {{image: number, channel: number}} */ { image, channel }) => [images > 1 ? `image ${image}` : "", channels > 1 ? `channel ${channel}` : ""].filter((word) => word).join(", ");
      column.view.offer(planes.map((each) => ({ channel: each.image * channels + each.channel, label: named(each) })));
      column.view.element.style.setProperty("--ks-images", String(images));
      for (const each of planes) {
        const { drawn, caption } = column.view.shown.get(each.image * channels + each.channel);
        drawn.element.setAttribute("aria-label", `${stage.title}, ${named(each) || "a map"}: numbers; the arrow keys walk over them`);
        caption.hidden = !named(each);
      }
    }
  }

  layout(draw = true) {
    if (!this.header || !this.width) return;
    const columns = this.header.columns.map((/** @type {any} */ { view, kind, figures }) => ({ kind, shape: kind === "maps" ? this.model.values.get(this.model.ofView(view).stage).shape : null, figures: figures?.length ?? 0 }));
    const page = this.width;
    const beside = !!this.header.dense && page >= BESIDE_FROM;
    const found = sizes(page, columns, beside ? page - DENSE_LEAST : page);
    this.dock.stack(found.stacked);
    this.work.classList.toggle("ks-weights-beside", beside);
    this.header.columns.forEach((/** @type {any} */ { view, kind }, /** @type {number} */ k) => {
      const column = this.columns.get(view);
      column.element.style.width = found.stacked ? "" : `${found.widths[k]}px`;
      column.element.classList.toggle("ks-wide-column", found.stacked && (kind === "curve" || kind === "figures" || kind === "bars" || (kind === "maps" && found.wide)));
      if (kind === "curve") column.view.resize(found.widths[k]);
      if (kind === "vector") column.view.resize(this.model.values.get(this.model.ofView(view).stage).values.length, VECTOR_TALLEST);
      if (kind !== "maps") return;
      const [, , rows, across] = columns[k].shape;
      for (const { drawn: grid } of column.view.shown.values()) grid.resize(rows, across, found.cell);
    });
    if (draw) this.draw(this.source ?? "cnn_core", false, false);
  }

  // ---- drawing -----------------------------------------------------------------------------------------------

  /** @param {"preview" | "cnn_core"} source @param {boolean} [tell] @param {boolean} [anew] */
  draw(source, tell = true, anew = true) {
    this.source = source;
    if (anew) this.draws += 1;
    const { model, dark } = this;
    /** @type {string[]} */
    const drawn = [];
    const scales = this.#scales();
    for (const { view, kind, figures } of this.header.columns) {
      const column = this.columns.get(view);
      if (kind === "curve") {
        this.#drawCurve(column, drawn);
        continue;
      }
      let late = false;
      for (const name of kind === "figures" ? figures : [view]) {
        const stage = model.ofView(name);
        if (source === "preview" && model.waiting.has(stage.stage)) {
          late = true;
          continue;
        }
        const { values, shape } = model.values.get(stage.stage);
        const own = scales.get(stage.stage);
        if (kind === "maps") {
          for (const [plane, { drawn: grid }] of column.view.shown) {
            grid.draw(values, plane * shape[2] * shape[3], own[plane], dark);
            drawn.push(`${view}-${plane}`);
          }
        } else if (kind === "vector") column.view.draw(values, own[0], dark);
        else this.#barsOf(column, name).draw(values, /** @type {any} */ (stage).labels ?? stage.names, own[0], stage.scale.group === "probabilities" ? PROBABILITY_PLACES : null);
        if (kind !== "maps") drawn.push(name);
        column.legend?.draw(own[0], dark);
      }
      this.late(column.body, late);
    }
    this.dense.draw(model, dark, null, tell ? { source, revision: this.channel.revision } : null);
    this.dense.element.hidden = !this.header.dense;
    this.mark();
    if (tell) for (const view of drawn) announce.drawn({ view, source, revision: this.channel.revision });
  }

  /** The bars of a vector: a column's own, or one of several in it. @param {Column} column @param {string} name */
  #barsOf(column, name) {
    return column.kind === "figures" ? column.view.shown.get(name).drawn : column.view;
  }

  /** A scale for each map: those of one group share theirs. */
  #scales() {
    const { model } = this;
    const shown = model.stages.filter(({ view }) => view !== null).map((stage) => ({ stage, tensor: model.values.get(stage.stage) }));
    /** @type {Map<number, import("../common/scale.js").Scale[]>} */
    const found = new Map();
    for (const group of new Set(shown.map(({ stage }) => /** @type {any} */ (stage).scale.group))) {
      const members = shown.filter(({ stage }) => /** @type {any} */ (stage).scale.group === group);
      this.look.scales(members, this.source === "preview").forEach((scales, k) => found.set(members[k].stage.stage, scales));
    }
    return found;
  }

  /** @param {Column} column @param {string[]} drawn */
  #drawCurve(column, drawn) {
    const { curve } = this.header;
    const points = { ...curve };
    for (const name of ["x", "f", "slope"]) points[name] = this.channel.arrays.get(curve[name]).values;
    column.view.draw(points);
    drawn.push("curve");
  }

  mark() {
    const { model, place } = this;
    if (!model) return;
    const explanation = place ? this.explanation(place) : null;
    const marks = place ? this.#marksOf(place, explanation) : new Map();
    const add = (/** @type {Place} */ { stage, index }, /** @type {string} */ role) => {
      const described = model.byNumber.get(stage);
      if (described?.view) push(marks, this.viewName(described, index), { box: boxAt(index), role });
    };
    if (this.pin && this.hover && !same(this.pin, this.hover)) add(this.pin, "pinned");
    if (this.term) add(this.term, "term");
    for (const near of this.near ?? []) add(near, "feeds");
    for (const column of this.columns.values()) {
      if (column.kind === "curve") this.#markCurve(column);
      else if (column.kind === "maps") for (const [plane, { drawn }] of column.view.shown) drawn.drawMarks(marks.get(`${column.view.view}-${plane}`) ?? []);
      else if (column.kind === "figures") for (const [name, { drawn }] of column.view.shown) drawn.drawMarks(marks.get(name) ?? []);
    }
    for (const { view, kind } of this.header.columns) if (kind === "bars" || kind === "vector") this.columns.get(view).view.drawMarks(marks.get(view) ?? []);
    this.writeSoon();
  }

  /**
   * The cell itself, all that its sum names, and the same place on the other maps.
   * @param {Place} place
   * @param {any} explanation
   * @returns {Map<string, any[]>} by view
   */
  #marksOf({ stage: number, index }, explanation) {
    const { model } = this;
    /** @type {Map<string, any[]>} */
    const marks = new Map();
    const own = model.byNumber.get(number);
    push(marks, this.viewName(own, index), { box: boxAt(index), role: "self" });
    this.#markSources(marks, explanation);
    if (index.length !== 4 || !this.#mapped(own)) return this.#fed(marks, number, index);
    for (const other of model.stages) {
      if (other === own || !this.#mapped(other) || String(model.values.get(other.stage).shape) !== String(model.values.get(number).shape)) continue;
      const role = model.stages.indexOf(other) < model.stages.indexOf(own) ? "source" : "feeds";
      const view = this.viewName(other, index);
      if (!marks.has(view)) push(marks, view, { box: boxAt(index), role });
    }
    return this.#fed(marks, number, index);
  }

  /** The cells that a sum names: all of a map are outlined as one. @param {Map<string, any[]>} marks @param {any} explanation */
  #markSources(marks, explanation) {
    const { model } = this;
    /** @type {Map<string, {stage: any, boxes: any[]}>} */
    const found = new Map();
    const name = (/** @type {any} */ stage, /** @type {number[]} */ index) => {
      const view = this.viewName(stage, index);
      if (!found.has(view)) found.set(view, { stage, boxes: [] });
      found.get(view).boxes.push(boxAt(index));
    };
    for (const term of explanation?.terms ?? []) {
      if (!term.index) continue;
      const made = model.made(term.stage, term.index);
      // What was squared stands on no map of its own: the cell it came from does.
      const seen = made.stage.view === null ? model.byNumber.get(made.stage.reads) : made.stage;
      if (seen.view) name(seen, made.index);
      const passed = model.byNumber.get(term.stage);
      if (passed !== made.stage && passed.view) name(passed, term.index);
    }
    for (const [view, { stage, boxes }] of found) {
      const { shape } = model.values.get(stage.stage);
      const [rows, columns] = shape.length === 4 ? [shape[2], shape[3]] : [shape[1], 1];
      const whole = boxes.length > 1 && (explanation.rest?.count > 0 || boxes.length === rows * columns);
      for (const box of whole && this.columns.get(stage.view)?.kind !== "bars" ? [{ top: 0, left: 0, bottom: rows - 1, right: columns - 1 }] : boxes) push(marks, view, { box, role: "source" });
    }
  }

  /** What a cell feeds among vectors. @param {Map<string, any[]>} marks @param {number} number @param {number[]} index */
  #fed(marks, number, index) {
    for (const [stage, { box, role }] of relativesOf(this.model, number, index)) {
      const { view, labels } = /** @type {any} */ (this.model.byNumber.get(stage));
      // Of a channel's statistics a cell feeds its own channel's.
      const own = labels && index.length === 4 ? boxAt([0, index[1]]) : box;
      if (role === "feeds" && view && !this.#mapped({ view })) push(marks, view, { box: own, role });
    }
    return marks;
  }

  /** @param {Column} column */
  #markCurve(column) {
    const { model, place } = this;
    const { x, f, slope } = this.header.curve.stages;
    if (!place || place.index.length !== 4) return;
    const value = (/** @type {number} */ stage, /** @type {number[]} */ index) => (this.source === "preview" && model.waiting.has(stage) ? null : model.value(stage, index));
    const spot = (/** @type {number[]} */ index) => ({ x: model.value(x, index), f: value(f, index), slope: value(slope, index) });
    const pinned = this.pin && !same(this.pin, place) && this.pin.index.length === 4 ? [spot(this.pin.index)] : [];
    column.view.mark([spot(place.index), ...pinned]);
  }

  // ---- pointing ----------------------------------------------------------------------------------------------

  showTerm(term) {
    this.term = term?.index ? { stage: term.stage, index: term.index } : null;
    this.remark();
  }

  /** @param {string} view @returns {import("../common/grid.js").Handlers} */
  #on(view) {
    const placeAt = (/** @type {any} */ { row, column }) => {
      const { stage } = this.stageOfView(view);
      const index = this.firstOn(view);
      if (index.length === 4) index.splice(2, 2, row, column);
      else index[1] = row;
      return { stage, index };
    };
    return {
      hover: (cell) => this.lookAt(cell && placeAt(cell)),
      pick: (cell) => this.pickOrType(placeAt(cell)),
      key: (event) => this.walk(event, view),
    };
  }

  chosen(place) {
    if (!this.header.dense) return;
    // A value of the vector is a cell of the map; a score is none, and no other cell stays marked beside it.
    const { stage, index } = this.model.made(place.stage, place.index);
    if (stage.view === "scores") this.dense.choose(index[1]);
    if (index.length === 4) this.read = index[1];
    this.dense.point(index.length === 4 ? { row: index[2], column: index[3] } : null);
  }

  /** Cells of the map are found on the curve by their number. */
  #onCurve() {
    const index = (/** @type {number} */ k) => [0, 0, Math.floor(k / this.model.values.get(INPUT).shape[3]), k % this.model.values.get(INPUT).shape[3]];
    const near = (/** @type {number} */ x) => {
      const { values } = this.model.values.get(INPUT);
      const apart = Array.from(values, (value) => Math.abs(value - x));
      const least = Math.min(...apart);
      const { low, high } = this.columns.get("curve").view;
      const reach = Math.max(least, NEAR * (high - low));
      return { nearest: index(apart.indexOf(least)), all: apart.flatMap((distance, k) => (distance <= reach ? [index(k)] : [])) };
    };
    return {
      hover: (/** @type {number | null} */ x) => {
        const found = x === null ? null : near(x);
        this.near = found && found.all.map((each) => ({ stage: INPUT, index: each }));
        this.lookAt(found && { stage: INPUT, index: found.nearest });
        this.remark();
      },
      pick: (/** @type {number} */ x) => this.pick({ stage: INPUT, index: near(x).nearest }),
      key: (/** @type {KeyboardEvent} */ event) => {
        const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
        if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        const { values, shape } = this.model.values.get(INPUT);
        // Along the axis, and among equal numbers in the map's order.
        const order = Array.from(values, (_, k) => k).sort((a, b) => values[a] - values[b] || a - b);
        const here = this.pin?.index.length === 4 ? order.indexOf(this.pin.index[2] * shape[3] + this.pin.index[3]) : 0;
        this.pick({ stage: INPUT, index: index(order[Math.min(order.length - 1, Math.max(0, here + step))]) });
      },
    };
  }

  /** A column's maps or numbers as real tables. @param {string} view */
  #table(view) {
    const column = this.columns.get(view);
    const stage = this.model.ofView(view);
    const { values, shape } = this.model.values.get(stage.stage);
    if (column.kind !== "maps") {
      const rows = rowsOf(values, 0, values.length, 1);
      this.dialog.open(column.title.textContent, tableOf({ title: stage.title, rows, names: stage.names, pinned: { row: 0, column: 0 } }));
      return;
    }
    const tables = [...column.view.shown].flatMap(([plane, { caption }]) => {
      const here = this.pin?.stage === stage.stage && this.#plane(stage.stage, this.pin.index) === plane;
      const pinned = here ? { row: this.pin.index[2], column: this.pin.index[3] } : { row: 0, column: 0 };
      const title = caption.textContent ? `${stage.title}, ${caption.textContent}` : stage.title;
      return [h("h3", { text: title }), tableOf({ title, rows: rowsOf(values, plane * shape[2] * shape[3], shape[2], shape[3]), names: null, pinned })];
    });
    this.dialog.open(column.title.textContent, ...tables);
  }
}

/** @template T @param {Map<string, T[]>} lists @param {string} name @param {T} item */
function push(lists, name, item) {
  const list = lists.get(name);
  if (list) list.push(item);
  else lists.set(name, [item]);
}
