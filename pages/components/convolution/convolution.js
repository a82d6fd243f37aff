/**
 * The convolution laboratory: channels, weights, shares and outputs, linked three ways. An output cell shows the weight
 * that each cell of its window meets, a weight all that it ever meets, an input cell all that it feeds.
 * @module
 */

import * as announce from "../common/announce.js";
import { Board, boxAt } from "../common/board.js";
import { placeColumns } from "../common/column.js";
import { Dialog } from "../common/dialog.js";
import { differenceOf } from "../common/difference.js";
import { h, setText } from "../common/dom.js";
import { inParts } from "../common/fraction.js";
import { PHONE, standAbreast } from "../common/layout.js";
import { Look } from "../common/look.js";
import { scaleFor } from "../common/scale.js";
import { rowsOf, tableOf } from "../common/table.js";
import { windowOf } from "../common/windows.js";
import { Zoom, ofInput } from "../common/zoom.js";
import { AskedWeight } from "./asked_weight.js";
import { marksOf } from "./marks.js";
import { ALONE, DIFFERENCE, INPUT, KEPT, OUTPUT, RELU, mixedBy, sharesOf } from "./parts.js";
import { sizes } from "./sizes.js";

/** @typedef {import("./asked_weight.js").Weight} Weight */

export class Convolution extends Board {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    super("convolution", { thorough: true });
    /** The output channel that is looked at. */
    this.output = 0;
    this.asked = new AskedWeight(this);
    this.strip = h("div", { class: "ks-strip" });
    this.look = new Look(() => this.model && this.draw(this.source, false));
    this.zoom = new Zoom(
      () => this.pin && this.#pinnedCell(this.viewName(this.model.byNumber.get(this.pin.stage), this.pin.index)),
      () => {},
      () => this.#belonging(),
    );
    this.dialog = new Dialog();
    this.share = this.sharing("laboratory");
    this.bar = h("div", { class: "ks-bar-top" }, this.look.element, this.zoom.element);
    const root = h("div", { class: "ks ks-laboratory" }, this.notice.element, this.busy.element, this.corner, this.strip, this.bar, this.ledger.element, this.live, this.dialog.element);
    this.enter(parent, root);
  }

  // ---- which channel -----------------------------------------------------------------------------------------

  get convolution() {
    return this.model.byNumber.get(OUTPUT);
  }

  /** The weight that is asked. */
  get weight() {
    return this.asked.shown;
  }

  /** The map that shows what a channel adds to an output channel. @param {number} channel @param {number} output */
  shareOf(channel, output) {
    const shares = sharesOf(this.model);
    return channel * shares + (output % shares);
  }

  /** The input channels that the output channel mixes. */
  get group() {
    return mixedBy(this.model, this.convolution, this.output);
  }

  /** The channel that a view's name ends in. @param {string} view */
  #channelIn(view) {
    return Number(view.split("-")[1]);
  }

  stageOfView(view) {
    return this.model.ofView(view.split("-")[0]);
  }

  channelOf(stage, view) {
    return stage.stage === ALONE ? this.shareOf(this.#channelIn(view), this.output) : this.#channelIn(view);
  }

  viewName(stage, index) {
    return `${stage.view}-${stage.stage === ALONE ? Math.floor(index[1] / sharesOf(this.model)) : index[1]}`;
  }

  pinnedOn(view) {
    const stage = this.stageOfView(view);
    return this.pin?.stage === stage.stage && this.pin.index[1] === this.channelOf(stage, view) ? this.pin.index : null;
  }

  inputPlane(index) {
    return index[1];
  }

  inputGrid(index) {
    return this.columns.get("input").view.shown.get(index[1]).drawn;
  }

  kernelColumns() {
    return this.columns.get("kernel").view.columns;
  }

  // ---- what Python sends -------------------------------------------------------------------------------------

  begin(header) {
    this.output = header.output;
  }

  show(header) {
    this.output = Math.min(this.output, this.model.values.get(OUTPUT).shape[1] - 1);
    this.asked.forget();
    placeColumns(this.columns, this.sideBySide(), this.strip, {
      controls: {
        send: (edit) => this.edits.send(edit),
        run: (command) => this.#table(command.split(":")[1]),
        refuse: (sentence) => this.notice.tell(sentence),
      },
      cell: (view) => this.#handlers(view),
      kernel: null,
      kernels: (channel) => this.#weights(channel),
      plane: () => {},
      output: () => {},
    });
    this.#offer();
    const { shape } = this.model.values.get(INPUT);
    const laidOut = JSON.stringify([shape, this.model.values.get(OUTPUT).shape, this.model.byNumber.get(INPUT).ring, header.columns.length, this.convolution.link, this.#kernelSize(), this.model.values.get(KEPT)?.shape, this.model.byNumber.get(KEPT)?.field]);
    if (laidOut !== this.laidOut) this.layout(false);
    this.laidOut = laidOut;
  }

  #kernelSize() {
    return this.model.weights.get(OUTPUT).shape.slice(2);
  }

  /** Which channels stand in each column. */
  #offer() {
    const named = (/** @type {number[]} */ channels) => channels.map((channel) => ({ channel, label: `channel ${channel}` }));
    const all = (/** @type {number} */ stage) => Array.from({ length: this.model.values.get(stage).shape[1] }, (_, k) => k);
    this.columns.get("input").view.offer(named(all(INPUT)));
    this.columns.get("kernel").view.offer(this.group.map((channel) => ({ channel, label: `for channel ${channel}` })));
    this.columns.get("alone").view.offer(named(this.group));
    const chosen = all(OUTPUT).length > 1 ? this.output : null;
    this.columns.get("output").view.offer(named(all(OUTPUT)), chosen);
    for (const [view, stage] of /** @type {[string, number][]} */ ([["relu", OUTPUT], ["kept", KEPT], ["difference", DIFFERENCE]])) {
      if (this.columns.get(view)?.kind === "maps") this.columns.get(view).view.offer(named(all(stage)), chosen);
    }
  }

  layout(draw = true) {
    if (!this.header || !this.width) return;
    const views = [...this.columns.values()].filter(({ kind }) => kind === "maps");
    const maps = views.map((column) => {
      const stage = this.#stageOfColumn(column);
      const [, count, rows, columns] = this.model.values.get(stage.stage).shape;
      return { stage, rows, columns, ring: stage.ring, count: stage.stage === ALONE ? this.group.length : count, compared: stage.stage === KEPT || stage.stage === DIFFERENCE };
    });
    // What is not there yet has the room of the output that it will be: nothing moves from under the hand when it comes.
    const later = [...this.columns.values()].filter(({ kind }) => kind === "missing");
    const output = maps.find(({ stage }) => stage.stage === OUTPUT);
    const all = [...maps, ...later.map(() => ({ ...output, compared: true }))];
    const found = sizes(this.width, all, this.#kernelSize(), matchMedia(PHONE).matches);
    this.root.classList.toggle("ks-compared-below", found.below);
    standAbreast(this.root, found.beside);
    this.dock.stack(found.stacked);
    const first = this.group[0];
    const level = !found.stacked || found.beside > 0;
    const row = level ? `${found.row}px` : "";
    views.forEach((column, k) => {
      const { stage, rows, columns, ring } = maps[k];
      for (const { drawn: grid, figure } of column.view.shown.values()) {
        grid.resize(rows, columns, found.cells[k], ring, stage.stage === INPUT ? (this.convolution.link.shown ?? null) : null);
        const [top, bottom, left, right] = ring.map((/** @type {number} */ side) => Math.ceil(side * found.cells[k]));
        grid.element.style.margin = `${top}px ${right}px ${bottom}px ${left}px`;
        figure.style.minHeight = found.beside && stage.stage !== INPUT ? "" : row;
      }
      column.element.style.width = found.stacked ? "" : `${found.widths[k]}px`;
      // The shares of a group stand level with its channels.
      column.view.element.style.marginTop = found.stacked || stage.stage !== ALONE ? "" : `${first * found.row}px`;
    });
    later.forEach((column, k) => {
      column.element.style.width = found.stacked ? "" : `${found.widths[maps.length + k]}px`;
    });
    const kernel = this.columns.get("kernel");
    kernel.element.style.width = found.stacked ? "" : `${found.kernelWidth}px`;
    kernel.view.element.style.marginTop = level ? `${first * found.row}px` : "";
    for (const { figure } of kernel.view.shown.values()) figure.style.minHeight = row;
    const looked = views.flatMap((column, k) => {
      const { stage, rows, columns } = maps[k];
      return [...column.view.shown].map(([channel, { drawn: grid }]) => [`${column.view.view}-${channel}`, { grid, map: { rows, columns, field: stage.field } }]);
    });
    this.zoom.take(new Map(/** @type {any} */ (looked)), windowOf(this.convolution.link));
    if (draw) this.draw(this.source ?? "cnn_core", false, false);
  }

  /** The pinned cell, if it lies on this view's map. @param {string} view */
  #pinnedCell(view) {
    const index = this.pinnedOn(view);
    return index && { view, row: index[2], column: index[3] };
  }

  /** @param {string} view */
  walked(view) {
    const place = this.#pinnedCell(view);
    if (place) this.zoom.reveal(view, place);
  }

  /** @param {boolean} playing */
  played(playing) {
    this.zoom.played(playing, () => {
      if (this.pin) this.walked(this.viewName(this.model.byNumber.get(this.pin.stage), this.pin.index));
    });
  }

  /** @param {import("../common/column.js").Column} column */
  #stageOfColumn(column) {
    return this.model.ofView(column.view.view);
  }

  // ---- drawing -----------------------------------------------------------------------------------------------

  /** @param {"preview" | "cnn_core"} source @param {boolean} [tell] @param {boolean} [anew] */
  draw(source, tell = true, anew = true) {
    this.source = source;
    if (anew) this.draws += 1;
    const { model, dark } = this;
    const drawn = [];
    const stages = [...this.columns.values()].filter(({ kind }) => kind === "maps").map((column) => ({ column, stage: this.#stageOfColumn(column) }));
    const groups = [stages.filter(({ stage }) => stage.stage === INPUT), stages.filter(({ stage }) => stage.stage !== INPUT)];
    for (const group of groups) {
      const scales = this.look.scales(group.map(({ stage }) => ({ stage, tensor: model.values.get(stage.stage) })), source === "preview");
      group.forEach(({ column, stage }, k) => {
        const late = source === "preview" && model.waiting.has(stage.stage);
        this.late(column.body, late);
        if (late) return;
        const { values, shape } = model.values.get(stage.stage);
        const plane = shape[2] * shape[3];
        let chosen = null;
        for (const [channel, { drawn: grid, caption }] of column.view.shown) {
          const at = stage.stage === ALONE ? this.shareOf(channel, this.output) : channel;
          grid.words = this.words(stage.stage === INPUT ? "input" : stage.stage === ALONE ? "product" : "output");
          grid.draw(values, at * plane, scales[k][at], dark);
          this.#tellRounded(caption, channel, grid.rounded);
          drawn.push(`${stage.view}-${channel}`);
          if (chosen === null || channel === this.output) chosen = scales[k][at];
        }
        column.legend.draw(chosen, dark);
        column.scale = chosen;
      });
    }
    this.#drawKernel(drawn);
    this.shared = null;
    this.mark();
    if (tell) for (const view of drawn) announce.drawn({ view, source, revision: this.channel.revision });
  }

  /** Where fractions are asked for and have no room, that is said. @param {HTMLElement} caption @param {number} channel @param {boolean} rounded */
  #tellRounded(caption, channel, rounded) {
    setText(caption, rounded ? `channel ${channel}, rounded to fit` : `channel ${channel}`);
    caption.title = rounded ? "The fractions are too long for these cells: the ledger writes them out" : "";
  }

  /** @param {string[]} drawn */
  #drawKernel(drawn) {
    const { shape, values } = this.model.weights.get(OUTPUT);
    const size = shape[2] * shape[3];
    const column = this.columns.get("kernel");
    const words = this.words("weight");
    const planes = [...column.view.shown].map(([channel, { drawn: kernel }]) => {
      const at = (this.output * shape[1] + channel - this.group[0]) * size;
      return { channel, kernel, weights: Array.from(values.subarray(at, at + size)) };
    });
    // They have one legend: a weight has one colour in all of them.
    const scale = scaleFor("diverging", planes.map(({ weights }) => weights));
    for (const { channel, kernel, weights } of planes) {
      kernel.words = words;
      kernel.draw(weights, shape[3], this.dark, scale);
      drawn.push(`kernel-${channel}`);
    }
    column.legend.draw(scale, this.dark);
  }

  /** How numbers are written as fractions, null for decimals. @param {"input" | "weight" | "product" | "output"} what */
  words(what) {
    // Under the hand a number may be any: fractions come back with cnn_core's.
    const { exact } = this.header;
    return exact && this.source !== "preview" ? inParts(exact[what]) : null;
  }

  partsOf({ stage, rule }) {
    const { exact } = this.header;
    if (!exact || this.source === "preview" || stage === RELU) return null;
    if (rule === "weight") return exact.weight;
    return stage === ALONE || stage === INPUT ? exact.product : exact.output;
  }

  mark() {
    const { model, place } = this;
    if (!model) return;
    this.zoom.lean();
    const marks = this.weight ? this.asked.marks() : place ? marksOf(this, place) : new Map();
    const add = (/** @type {string} */ view, /** @type {any} */ mark) => marks.set(view, [...(marks.get(view) ?? []), mark]);
    if (this.pin && (this.hover || this.weight)) add(this.viewName(model.byNumber.get(this.pin.stage), this.pin.index), { box: boxAt(this.pin.index), role: "pinned" });
    if (this.term) add(this.viewName(model.byNumber.get(this.term.stage), this.term.index), { box: boxAt(this.term.index), role: "term" });
    const blank = this.slide.blank();
    for (const column of this.columns.values()) {
      if (column.kind !== "maps") continue;
      const { stage } = this.#stageOfColumn(column);
      for (const [channel, { drawn: grid }] of column.view.shown) grid.drawMarks(marks.get(`${column.view.view}-${channel}`) ?? [], [INPUT, KEPT].includes(stage) ? null : blank);
    }
    for (const [channel, { drawn: kernel }] of this.columns.get("kernel").view.shown) {
      kernel.mark(this.weight ? (this.weight.channel === channel ? this.weight.key : null) : (this.keyShown?.channel ?? channel) === channel ? (this.keyShown?.key ?? null) : null);
    }
    this.#drawShare();
    this.writeSoon();
  }

  /** The window of the pinned cell on every channel of the input, for these to be seen at one place. */
  #belonging() {
    const found = new Map();
    if (!this.pin || this.pin.stage === INPUT) return found;
    const [, marks = []] = [...marksOf(this, this.pin)].find(([view]) => ofInput(view)) ?? [];
    const window = marks.find(({ role }) => role === "source");
    for (const view of window ? this.zoom.maps.keys() : []) if (ofInput(view)) found.set(view, window.box);
    return found;
  }

  /** While a weight is asked, the output map shows its share of every cell: the weight times what it met there. */
  #drawShare() {
    const wanted = this.weight ? `${this.weight.channel} ${this.weight.key}` : null;
    if (wanted === this.shared) return;
    this.shared = wanted;
    const column = this.columns.get("output");
    const { drawn: grid, caption } = column.view.shown.get(this.output);
    const { values, shape } = this.model.values.get(OUTPUT);
    const plane = shape[2] * shape[3];
    if (!this.weight) {
      column.tellInstead("");
      grid.draw(values, this.output * plane, column.scale, this.dark);
      this.#tellRounded(caption, this.output, grid.rounded);
      column.legend.draw(column.scale, this.dark);
      return;
    }
    column.tellInstead(`channel ${this.output}: the weight's share`);
    setText(caption, "the weight's share of each cell");
    const { share } = this.asked.met();
    const { low, high } = column.scale;
    const scale = scaleFor("diverging", [share], [low, high]);
    grid.draw(share, 0, scale, this.dark);
    column.legend.draw(scale, this.dark);
  }

  // ---- asking ------------------------------------------------------------------------------------------------

  /** A weight that is asked comes first, as on the maps. */
  get spoken() {
    if (!this.weight) return this.place;
    const part = this.pin?.stage === OUTPUT && this.pin.index[1] === this.output ? this.pin : undefined;
    return { stage: OUTPUT, index: this.asked.index, param: "weight", shareOf: part };
  }

  get pinned() {
    return !this.weight && super.pinned;
  }

  explanation(place) {
    if (place.param === "weight") return this.asked.explain(place);
    if (place.stage === DIFFERENCE) return differenceOf(this.model, DIFFERENCE, place.index, [OUTPUT, KEPT]);
    const told = super.explanation(place);
    return place.stage === INPUT ? { ...told, fed: this.model.fed(this.convolution, place.index, this.output), note: this.#fedChannels(place.index) } : told;
  }

  /** Which output channels an input cell feeds, where that is more or less than what is listed. @param {number[]} index */
  #fedChannels(index) {
    const all = Array.from({ length: this.model.values.get(OUTPUT).shape[1] }, (_, output) => output);
    const fed = all.filter((output) => this.model.fed(this.convolution, index, output).length);
    if (!fed.length) return "No window reads it.";
    const others = numbered("channel", fed.filter((output) => output !== this.output));
    if (!fed.includes(this.output)) return `No window of output channel ${this.output} reads it; it feeds ${others}.`;
    return others && `It feeds output ${numbered("channel", fed)}; the cells of channel ${this.output} are listed.`;
  }

  /** @param {any} term */
  showTerm(term) {
    this.term = term?.index ? { stage: term.stage, index: term.index } : null;
    this.keyShown = null;
    if (term && [INPUT, OUTPUT, ALONE].includes(this.place.stage)) {
      const channel = this.place.stage === INPUT ? this.place.index[1] : term.index?.[1];
      this.keyShown = { channel, key: term.key };
    }
    this.remark();
  }

  /** @param {string} view */
  #handlers(view) {
    const placeAt = (/** @type {any} */ cell) => {
      const stage = this.stageOfView(view);
      return { stage: stage.stage, index: [0, this.channelOf(stage, view), cell.row, cell.column] };
    };
    return {
      hover: (cell) => this.lookAt(cell && placeAt(cell)),
      pick: (cell) => this.pickOrType(placeAt(cell)),
      key: (event) => this.byKey(this.zoom.key(event, this.#pinnedCell(view))) || this.walk(event, view),
      zoom: (factor, point) => this.zoom.at(view, factor, point),
      pan: (right, down) => this.zoom.pan(view, right, down),
    };
  }

  /** A cell of another output channel brings its kernel along. @param {import("../common/board.js").Place} place */
  chosen(place) {
    const outputs = this.model.values.get(OUTPUT).shape[1];
    if (place.stage !== INPUT && place.stage !== ALONE && place.index[1] !== this.output && place.index[1] < outputs) this.#chooseOutput(place.index[1]);
  }

  /** @param {number} output */
  #chooseOutput(output) {
    this.edits.finish();
    this.output = output;
    this.#offer();
    this.layout(false);
    this.tellOutput(output);
  }

  /** @param {number} channel */
  #weights(channel) {
    const ask = (/** @type {"pointed" | "held"} */ by) => (/** @type {number | null} */ key) => this.#askWeight(by, key === null ? null : { channel, key });
    return {
      change: (values) => this.#changeWeights(channel, values),
      end: () => this.edits.endWeights(),
      takes: (value) => this.edits.takes(value),
      refuse: (sentence) => this.notice.tell(sentence),
      hover: ask("pointed"),
      focus: ask("held"),
    };
  }

  /** @param {"pointed" | "held"} by @param {Weight | null} weight */
  #askWeight(by, weight) {
    this.asked.by[by] = weight;
    this.term = null;
    this.keyShown = null;
    this.remark();
    if (this.weight) this.asked.say();
  }

  // ---- editing -----------------------------------------------------------------------------------------------

  /** A plane of the kernel under the hand; what its channel adds alone follows too. @param {number} channel @param {number[]} values */
  #changeWeights(channel, values) {
    this.edits.changeWeights(values, this.output, channel - this.group[0]);
    if (!values.every((value) => this.edits.takes(value))) return;
    const { values: before } = this.model.weights.get(ALONE);
    const weights = before.slice();
    const share = this.shareOf(channel, this.output);
    weights.set(values, share * values.length);
    this.model.edit({ weight: { stage: ALONE, values: weights, output: share } });
  }

  beside(/** @type {number} */ output) {
    return this.group.map((channel) => ({ stage: ALONE, output: this.shareOf(channel, output) }));
  }

  /** A column's channels as real tables. @param {string} view */
  #table(view) {
    const stage = this.model.ofView(view);
    const { values, shape } = this.model.values.get(stage.stage);
    const tables = [...this.columns.get(view).view.shown.keys()].flatMap((channel) => {
      const at = stage.stage === ALONE ? this.shareOf(channel, this.output) : channel;
      const pinned = this.pin?.index[1] === at && this.pin.stage === stage.stage ? { row: this.pin.index[2], column: this.pin.index[3] } : { row: 0, column: 0 };
      const title = `${stage.title}, channel ${channel}`;
      return [h("h3", { text: title }), tableOf({ title, rows: rowsOf(values, at * shape[2] * shape[3], shape[2], shape[3]), names: null, pinned })];
    });
    this.dialog.open(this.columns.get(view).title.textContent, ...tables);
  }
}

/** "channel 1", "channels 0, 1 and 3", "" for none. @param {string} what @param {number[]} numbers */
function numbered(what, numbers) {
  const last = numbers.at(-1);
  return numbers.length > 1 ? `${what}s ${numbers.slice(0, -1).join(", ")} and ${last}` : numbers.length ? `${what} ${last}` : "";
}
