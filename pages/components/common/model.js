/**
 * The network as the screen holds it: stages with their links and values, and the asking of a cell.
 * Every number here was computed by cnn_core or is its preview; this module looks up and sums.
 * @module
 */

import { fsum } from "./exact.js";
import { preview, wholeOf } from "./preview.js";
import { withExtremes } from "./scale.js";
import { boxForward, fedBy, groupOf, metAlong, ravel, taps, unravel } from "./windows.js";

/**
 * @typedef {import("./blob.js").Tensor} Tensor
 * @typedef {import("./windows.js").Box} Box
 * @typedef {{
 *   stage: number, view: string | null, title: string, rule: "sum" | "function" | "input", preview: string | null,
 *   reads: number | null, link: any, reduce: "max" | "mean" | "norm" | null, counted?: string | null, formula: string | string[] | null, array: string,
 *   weight: string | null, bias: string | null, names: string[] | null, planes: string[] | null, luma?: number[] | null, ring: number[],
 *   parameter: number | null, gradient: string | null, weight_gradient?: string | null, bias_gradient?: string | null,
 *   written?: {of: number, texts: string[], digits: number[]}, averages?: number, bias_name?: string,
 *   images?: string[] | null, aside?: boolean, digits?: number, dust?: number,
 *   field: {jump: number[], centre: number[]} | null, sees?: string[] | null,
 * }} Stage  as pages/shared/describe.py describes it; `planes` names the channels where there are several, `images` the
 *   images of a batch; `aside`: what a cell feeds is told without it; `digits`: significant
 *   ones that a sum shows of its result; `dust`: up to which size a number may be all that rounding left of a 0; `counted`: how many cells each window counts, where
 *   it is not all of them
 * @typedef {{stage: number, index: number[] | null, value: number, weight: number | null, product: number | null,
 *   key: number, label?: string}} Term  `key` is the kernel position, which has one hue everywhere; `label` what is to be
 *   said before its product
 * @typedef {{box: Box, inside: Box | null, read: [number, number], input: [number, number]}} Seen  what a cell sees of the input:
 *   `box` its field, padding included; `inside` from the first to the last line of the input that it reads, null where
 *   there is none; `read` how many rows and columns it reads, of how many in `input`
 * @typedef {{stage: number, index: number[], rule: string, value: number, terms: Term[], bias: number, total: number,
 *   residual: number, formula: string | string[] | null, param?: string, name?: string, note?: string, fed?: Term[],
 *   rest?: {count: number, product: number}}} Explanation  `param` where it is a weight or its gradient, `name` what it is called there; `fed`: what an input
 *   cell has a part in; `rest`: the terms that were not sent, by what they add up to
 */

export class Model {
  /**
   * @param {Stage[]} stages the input first (stage -1), then layer by layer
   * @param {Map<string, Tensor>} arrays by identity
   * @param {Explanation[]} [told] sums that Python spelled out, of stages whose rule is not known here
   */
  constructor(stages, arrays, told = []) {
    this.stages = stages;
    this.tell(told);
    this.byNumber = new Map(stages.map((stage) => [stage.stage, stage]));
    /** @type {Map<number, Tensor>} */
    this.values = new Map(stages.map((stage) => [stage.stage, arrays.get(stage.array)]));
    /** @type {Map<number, Tensor>} */
    this.weights = new Map();
    /** @type {Map<number, Tensor>} */
    this.biases = new Map();
    /** How many cells of each window count, where it is not all of them. @type {Map<number, Tensor>} */
    this.counts = new Map();
    for (const stage of stages) {
      if (stage.counted) this.counts.set(stage.stage, arrays.get(stage.counted));
      if (stage.weight) this.weights.set(stage.stage, arrays.get(stage.weight));
      if (stage.bias) this.biases.set(stage.stage, arrays.get(stage.bias));
    }
    /** What the rows and columns of each stage see of the input. @type {Map<number, Tensor[]>} */
    this.fields = new Map();
    for (const { stage, sees } of stages) if (sees) this.fields.set(stage, sees.map((name) => arrays.get(name)));
    /** Each stage's gradient where gradients are shown; a stage behind what they are of has none. @type {Map<number, Tensor> | null} */
    this.gradients = null;
    /** The weights and the map that the weight edit under way began with. @type {{stage: number, from: Tensor, output: Tensor} | null} */
    this.origin = null;
    /** Arrays that the gesture under way made: no one else looks at them, so its next step may write over them. @type {WeakSet<Float64Array>} */
    this.own = new WeakSet();
    /** Stages whose values wait for the server. @type {Set<number>} */
    this.waiting = new Set();
    /** The sum that was asked last: of a photograph's score it has a hundred thousand terms. @type {Explanation | null} */
    this.explained = null;
  }

  /** @param {string} view */
  ofView(view) {
    return this.stages.find((stage) => stage.view === view);
  }

  /**
   * Change values and recompute what depends on them, as far as the preview knows the rules: of each stage only the
   * part that the change reaches.
   * @param {{
   *   input?: {values: Float64Array, box: Box},
   *   weight?: {stage: number, values: Float64Array, output?: number, anew?: boolean},
   * }} change whole arrays; `box`: the input cells that are new; `output`: the only kernel that is; `anew`: sum up all
   *   terms again instead of adding differences, which gives the very bits that cnn_core's order of terms gives
   */
  edit({ input, weight }) {
    this.explained = null;
    /** The part of each stage that is new. @type {Map<number, import("./preview.js").Region | null>} */
    const fresh = new Map();
    if (input) {
      const { shape } = this.values.get(-1);
      this.values.set(-1, { shape, values: input.values });
      fresh.set(-1, { ...wholeOf(shape), ...input.box });
      this.origin = null;
    }
    if (weight) this.#weigh(weight);
    for (const stage of this.stages) {
      const own = weight?.stage === stage.stage;
      if (stage.stage < 0 || !(fresh.has(stage.reads) || own)) continue;
      const before = this.values.get(stage.stage);
      const region = own ? this.#ofOutput(before.shape, weight.output) : this.#reach(stage, fresh.get(stage.reads));
      fresh.set(stage.stage, region);
      const result = this.waiting.has(stage.reads)
        ? null
        : preview(stage.preview, {
            input: this.values.get(stage.reads),
            shape: before.shape,
            link: stage.link,
            weight: this.weights.get(stage.stage),
            bias: this.biases.get(stage.stage),
            parameter: stage.parameter,
            before: before.values,
            own: this.own.has(before.values),
            region,
            change: own && !weight.anew && this.origin?.stage === stage.stage && stage.link.kind === "window" ? this.origin : null,
          });
      if (result) {
        this.values.set(stage.stage, withExtremes(result, before, region));
        this.own.add(result.values);
      } else this.waiting.add(stage.stage);
    }
  }

  /** @param {Explanation[]} told sums that Python spelled out */
  tell(told) {
    this.explained = null;
    this.told = new Map(told.map((each) => [`${each.stage}:${each.index}`, each]));
  }

  /**
   * What a stage waited for has come from Python.
   * @param {{stage: number, array?: string, weight?: string}} described whatever of the stage is new
   * @param {Map<string, Tensor>} arrays
   */
  take({ stage, array, ...names }, arrays) {
    this.explained = null;
    Object.assign(this.byNumber.get(stage), names);
    if (names.weight) this.weights.set(stage, arrays.get(names.weight));
    if (!array) return;
    this.values.set(stage, arrays.get(array));
    this.waiting.delete(stage);
  }

  /** The gesture is over, and what it made may be held elsewhere from now on. */
  release() {
    this.own = new WeakSet();
  }

  /** @param {{stage: number, values: Float64Array}} weight */
  #weigh({ stage, values }) {
    const before = this.weights.get(stage);
    // What the gesture began with: every step of it adds a difference to that, so that no rounding piles up.
    if (this.origin?.stage !== stage) this.origin = this.waiting.has(stage) ? null : { stage, from: before, output: this.values.get(stage) };
    this.weights.set(stage, { shape: before.shape, values });
  }

  /** @param {number[]} shape @param {number | undefined} output */
  #ofOutput(shape, output) {
    if (shape.length !== 4) return null;
    return output === undefined ? wholeOf(shape) : { ...wholeOf(shape), first: output, last: output };
  }

  /**
   * The part of a stage that a new part of the stage before it reaches; null for all of a vector.
   * @param {Stage} stage
   * @param {import("./preview.js").Region | null} source
   */
  #reach(stage, source) {
    const { shape } = this.values.get(stage.stage);
    if (shape.length !== 4 || !source) return null;
    const box = boxForward(source, stage.link, [shape[2], shape[3]]);
    const all = wholeOf(shape);
    // A cell that the padding shows again is read from further off than its own windows.
    if (stage.link.shown) return all;
    if (!box) return { ...all, bottom: -1, right: -1 };
    return stage.weight ? { ...all, ...box } : { ...box, first: source.first, last: source.last };
  }

  /** The numbers of a stage as they are shown: its values, or their gradients where it has some. @param {number} stage */
  shown(stage) {
    return this.gradients?.get(stage) ?? this.values.get(stage);
  }

  /**
   * @param {number} stage
   * @param {number[]} index
   */
  value(stage, index) {
    const tensor = this.values.get(stage);
    return tensor.values[ravel(index, tensor.shape)];
  }

  /**
   * Whether a stage has a cell of this index.
   * @param {number} stage
   * @param {number[]} index
   */
  has(stage, index) {
    const shape = this.values.get(stage)?.shape;
    return !!shape && shape.length === index.length && index.every((at, axis) => at >= 0 && at < shape[axis]);
  }

  /**
   * Ask a cell where its number came from.
   * @param {number} number
   * @param {number[]} index
   * @returns {Explanation} the very same one for as long as no number changes, not to be written to
   */
  explain(number, index) {
    const { explained } = this;
    if (explained?.stage !== number || String(explained.index) !== String(index)) this.explained = this.#explain(number, index);
    return this.explained;
  }

  /** @param {number} number @param {number[]} index @returns {Explanation} */
  #explain(number, index) {
    const told = this.told.get(`${number}:${index}`);
    if (told) return { ...told, terms: told.terms.map((term, k) => ({ ...term, key: k })) };
    const stage = this.byNumber.get(number);
    const value = this.value(number, index);
    const terms = stage.reads === null ? [] : this.#terms(stage, index, value);
    const base = { stage: number, index, rule: stage.rule, value, terms, formula: stage.formula };
    if (stage.rule !== "sum") return { ...base, bias: 0, total: value, residual: 0 };
    const bias = this.biases.get(number)?.values[index[1]] ?? 0;
    const total = fsum(terms.map((term) => term.product)) + bias;
    return { ...base, bias, total, residual: value - total };
  }

  /**
   * @param {Stage} stage
   * @param {number[]} index
   * @param {number} value
   * @returns {Term[]}
   */
  #terms(stage, index, value) {
    const input = this.values.get(stage.reads);
    const weight = this.weights.get(stage.stage);
    const at = (/** @type {number[]} */ cell) => input.values[ravel(cell, input.shape)];
    const term = (/** @type {number[] | null} */ cell, /** @type {number} */ x, /** @type {number | null} */ w, key = 0) => ({
      stage: stage.reads,
      index: cell,
      value: x,
      weight: w,
      product: w === null ? null : w === 0 ? 0 : w * x,
      key,
    });
    if (stage.link.kind === "same") {
      // A weight for each cell, or one for all of a channel; `also` are numbers of the channel that are added.
      const own = weight ? weight.values[weight.values.length === input.values.length ? ravel(index, input.shape) : index[1]] : 1;
      const also = (stage.link.also ?? []).map((/** @type {{stage: number, weights: number[]}} */ { stage: number, weights }) => {
        const x = this.value(number, [0, index[1]]);
        return { ...term([0, index[1]], x, weights[index[1]], 1), stage: number };
      });
      return [term(index, at(index), stage.rule === "sum" ? own : null), ...also];
    }
    if (stage.link.kind === "reshape") {
      const cell = unravel(ravel(index, this.values.get(stage.stage).shape), input.shape);
      return [term(cell, at(cell), 1)];
    }
    if (stage.link.kind === "all") {
      return Array.from(input.values, (x, k) => {
        const w = weight ? weight.values[index[1] * input.values.length + k] : null;
        return term(unravel(k, input.shape), x, w, k);
      });
    }
    const [, , rows, columns] = input.shape;
    const cells = taps(stage.link, index[2], index[3], rows, columns);
    const { first, count } = weight ? this.mixed(stage, index[1]) : { first: index[1], count: 1 };
    const planes = Array.from({ length: count }, (_, c) => first + c);
    let winner = -1;
    const counts = stage.reduce === "mean" ? this.counting(stage, index) : () => true;
    const terms = planes.flatMap((c) =>
      cells.map((tap, at) => {
        const { a, b, row, column, inside } = tap;
        const key = stage.link.kind === "spread" ? a * stage.link.extent[1] + b : at;
        const x = inside ? input.values[(c * rows + row) * columns + column] : 0;
        const cell = inside ? [index[0], c, row, column] : null;
        if (stage.reduce === "max") {
          const wins = inside && winner < 0 && x === value;
          if (wins) winner = key;
          return term(cell, x, wins ? 1 : 0, key);
        }
        if (stage.reduce === "mean") return term(cell, x, counts(tap) ? 1 / this.counted(stage, index) : 0, key);
        if (stage.reduce === "norm") return term(cell, x, null, key);
        return term(cell, x, this.weightAt(stage, index[1], c, a, b), key);
      }),
    );
    // What overhangs has no part in a norm.
    return stage.reduce === "norm" ? terms.filter((each) => each.index) : terms;
  }

  /** How many cells of a cell's window count. @param {Stage} stage @param {number[]} index */
  counted({ stage, link }, index) {
    const counts = this.counts.get(stage);
    return counts ? counts.values[index[2] * counts.shape[1] + index[3]] : link.extent[0] * link.extent[1];
  }

  /**
   * Which cells of a mean's window count: those of the input, and of its padding either all or none.
   * @param {Stage} stage
   * @param {number[]} index
   * @returns {(tap: ReturnType<typeof taps>[number]) => boolean}
   */
  counting(stage, index) {
    const [, , rows, columns] = this.values.get(stage.reads).shape;
    const inside = taps(stage.link, index[2], index[3], rows, columns).filter((tap) => tap.inside).length;
    const only = this.counted(stage, index) === inside;
    return (tap) => tap.inside || (!only && !this.past(stage, tap.place));
  }

  /**
   * Whether a place that a pooling's window reaches lies beyond even the padding, which is as wide behind the input as
   * before it. Of a window that overhangs, what lies there counts for nothing.
   * @param {Stage} stage
   * @param {{row: number, column: number}} place
   */
  past({ link, reads }, { row, column }) {
    const [, , rows, columns] = this.values.get(reads).shape;
    return row >= rows - link.origin[0] || column >= columns - link.origin[1];
  }

  /**
   * What of a pooling's window counts for nothing: cells of the padding that a mean leaves out, and those past the edge.
   * @param {Explanation} explanation
   * @returns {{padding: Term[], past: Term[]}}
   */
  uncounted({ stage: number, index, terms }) {
    const stage = this.byNumber.get(number);
    if (!["max", "mean"].includes(stage.reduce) || stage.link?.kind !== "window") return { padding: [], past: [] };
    const places = taps(stage.link, index[2], index[3], 0, 0);
    const out = terms.filter((term) => term.index === null && places[term.key]);
    const past = out.filter((term) => this.past(stage, places[term.key].place));
    // A maximum looks at its padding and finds it smaller than anything.
    const padding = stage.reduce === "mean" ? out.filter((term) => term.weight === 0 && !past.includes(term)) : [];
    return { padding, past };
  }

  /**
   * The cell of another stage whose window has the same middle, which need not be the cell of the same index: a larger
   * kernel's map begins further in. Null where that map does not reach so far.
   * @param {number} from a stage
   * @param {number[]} index of a cell of it
   * @param {number} to another stage
   * @param {number} [channel]
   */
  twin(from, index, to, channel = 0) {
    const [field, other] = [this.byNumber.get(from).field, this.byNumber.get(to).field];
    const at = [0, 1].map((axis) => {
      const middle = field.centre[axis] + index[2 + axis] * field.jump[axis];
      return Math.round((middle - other.centre[axis]) / other.jump[axis]);
    });
    const twin = [0, channel, at[0], at[1]];
    return this.has(to, twin) ? twin : null;
  }

  /**
   * What a cell sees of the input, as cnn_core has it.
   * @param {number} number a stage
   * @param {number[]} index
   * @returns {Seen | null} null for an input cell
   */
  sees(number, index) {
    const made = this.made(number, index);
    const field = this.fields.get(made.stage.stage);
    if (!field) return null;
    const line = (/** @type {number} */ axis) => Array.from(field[axis].values.subarray(5 * (made.index[2 + axis] ?? 0), 5 * (made.index[2 + axis] ?? 0) + 5));
    const [[top, bottom, firstRow, lastRow, rows], [left, right, firstColumn, lastColumn, columns]] = [line(0), line(1)];
    const inside = rows && columns ? { top: firstRow, bottom: lastRow, left: firstColumn, right: lastColumn } : null;
    const { shape } = this.values.get(-1);
    return { box: { top, left, bottom, right }, inside, read: [rows, columns], input: [shape[2], shape[3]] };
  }

  /** How many cells beyond the input the field of any cell reaches. */
  get overhang() {
    const [, , ...size] = this.values.get(-1).shape;
    const beyond = [...this.fields.values()].flatMap((axes) =>
      axes.flatMap(({ values }, axis) => [-values[0], values[values.length - 4] - size[axis] + 1]),
    );
    return Math.max(0, ...beyond);
  }

  /** The input channels that an output channel of a stage with a kernel mixes. @param {Stage} stage @param {number} output */
  mixed(stage, output) {
    return groupOf(stage.link, output, this.values.get(stage.reads).shape[1], this.values.get(stage.stage).shape[1]);
  }

  /**
   * A weight of a stage with a kernel.
   * @param {Stage} stage
   * @param {number} output
   * @param {number} input one of the channels that the output mixes
   * @param {number} a
   * @param {number} b
   */
  weightAt(stage, output, input, a, b) {
    const { shape, values } = this.weights.get(stage.stage);
    return values[ravel([output, input - this.mixed(stage, output).first, a, b], shape)];
  }

  /**
   * Which cells of a stage an input cell feeds, and with which weight: the products it has a part in.
   * @param {Stage} stage with a kernel
   * @param {number[]} index of a cell it reads
   * @param {number} output the channel whose cells are told
   * @returns {Term[]} `index` is the cell that is fed; none where the channel does not mix the cell's
   */
  fed(stage, index, output) {
    const { first, count } = this.mixed(stage, output);
    if (index[1] < first || index[1] >= first + count) return [];
    const value = this.value(stage.reads, index);
    const { shape } = this.values.get(stage.stage);
    return fedBy(stage.link, index[2], index[3], [shape[2], shape[3]]).map(({ i, j, a, b }) => {
      const weight = this.weightAt(stage, output, index[1], a, b);
      return { stage: stage.stage, index: [0, output, i, j], value, weight, product: weight === 0 ? 0 : weight * value, key: a * stage.link.extent[1] + b };
    });
  }

  /**
   * All that one weight meets, and its share of each output cell. On a photograph these are too many to be told one by
   * one under the hand: they are the pairs of `down` and `across`.
   * @param {Stage} stage with a kernel
   * @param {number} output
   * @param {number} input channel
   * @param {number} a
   * @param {number} b
   */
  met(stage, output, input, a, b) {
    const weight = this.weightAt(stage, output, input, a, b);
    const { shape, values } = this.values.get(stage.reads);
    const to = this.values.get(stage.stage).shape;
    const down = metAlong(stage.link, 0, a, shape[2], to[2]);
    const across = metAlong(stage.link, 1, b, shape[3], to[3]);
    const plane = input * shape[2] * shape[3];
    const share = new Float64Array(to[2] * to[3]);
    for (const { i, line: row } of weight === 0 ? [] : down) {
      for (const { i: j, line: column } of across) {
        share[i * to[3] + j] = row < 0 || column < 0 ? 0 : weight * values[plane + row * shape[3] + column];
      }
    }
    const terms = (/** @type {number} */ most) =>
      Array.from({ length: Math.min(most, down.length * across.length) }, (_, k) => {
        const [one, other] = [down[Math.floor(k / across.length)], across[k % across.length]];
        const inside = one.line >= 0 && other.line >= 0;
        const value = inside ? values[plane + one.line * shape[3] + other.line] : 0;
        return { stage: stage.reads, index: inside ? [0, input, one.line, other.line] : null, value, weight, product: share[one.i * to[3] + other.i] };
      });
    return { weight, count: down.length * across.length, rows: down.map(({ place }) => place), columns: across.map(({ place }) => place), share, terms };
  }

  /**
   * The stage and cell that made a cell's number: flattening only moves it.
   * @param {number} number
   * @param {number[]} index
   * @returns {{stage: Stage, index: number[]}}
   */
  made(number, index) {
    let stage = this.byNumber.get(number);
    while (stage.reads !== null && stage.link.kind === "reshape") {
      const [from, to] = [this.values.get(stage.stage).shape, this.values.get(stage.reads).shape];
      index = unravel(ravel(index, from), to);
      stage = this.byNumber.get(stage.reads);
    }
    return { stage, index };
  }
}
