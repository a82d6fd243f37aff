/**
 * The weight that is asked, by a pointer or by the focus: all that it meets, and its share of every output cell.
 * @module
 */

import * as announce from "../common/announce.js";
import { setText } from "../common/dom.js";
import { fsum } from "../common/exact.js";
import { equals, operand, read, short } from "../common/format.js";
import { nameOf } from "../common/names.js";
import { positionHue } from "../common/scale.js";
import { OUTPUT } from "./parts.js";

/** @typedef {{channel: number, key: number}} Weight  which input channel's, and its position in that kernel */
/** @typedef {import("../common/board.js").Place} Place */

const MOST_TOLD = 256; // terms of a weight that are told one by one to the outside

export class AskedWeight {
  /** @param {import("./convolution.js").Convolution} board */
  constructor(board) {
    this.board = board;
    this.forget();
  }

  /** Neither pointed at nor held any more: other kernels have come. */
  forget() {
    /** The weight under the pointer, and the one that has the focus. @type {{pointed: Weight | null, held: Weight | null}} */
    this.by = { pointed: null, held: null };
  }

  /** The one that is asked. A finger that has tapped one points at nothing any more: it is asked until a cell is. @returns {Weight | null} */
  get shown() {
    const { pointed, held } = this.by;
    return pointed ?? (this.board.hover ? null : held);
  }

  /** Its place in the kernel: output channel, input channel of the group, row and column. */
  get index() {
    const { channel, key } = this.shown;
    const columns = this.#link.extent[1];
    return [this.board.output, channel - this.board.group[0], Math.floor(key / columns), key % columns];
  }

  get #link() {
    return this.board.convolution.link;
  }

  /** All that it meets, found once a draw. */
  met() {
    const { board } = this;
    const { channel, key } = this.shown;
    const wanted = `${board.output} ${channel} ${key} ${board.draws}`;
    if (this.metFor !== wanted) {
      const [, , row, column] = this.index;
      this.metLast = board.model.met(board.convolution, board.output, channel, row, column);
    }
    this.metFor = wanted;
    return this.metLast;
  }

  /** The cells that it meets, marked in its hue. @returns {Map<string, any[]>} by view */
  marks() {
    const { channel, key } = this.shown;
    const { rows, columns } = this.met();
    return new Map([[`input-${channel}`, [{ rows, columns, role: "taps", hue: positionHue(key, this.board.dark) }]]]);
  }

  /** It in the ledger: what it meets, and its share of the pinned cell. @param {Place} place */
  explain({ stage, index, param, shareOf }) {
    const name = `Weight for channel ${this.shown.channel} [${index[2]}, ${index[3]}]`;
    const note = `It ${this.#meets()}${shareOf ? ` ${this.#shareInWords(shareOf)}` : ""}`;
    const { weight } = this.met();
    return { stage, index, param, name, rule: "weight", value: weight, terms: [], bias: 0, total: weight, residual: 0, formula: null, note };
  }

  /** Have it be told aloud, and to the outside with its terms. */
  say() {
    const { channel, key } = this.shown;
    const { index } = this;
    const { weight: value, share, terms: told } = this.met();
    setText(this.board.live, `Weight [${index[2]}, ${index[3]}] for channel ${channel} is ${short(value, 6)}: it ${this.#meets()}`);
    const terms = told(MOST_TOLD).map((term) => ({ ...term, key }));
    announce.cell(`kernel-${channel}`, { stage: OUTPUT, index, rule: "weight", value, terms, bias: 0, total: fsum(share), residual: 0, formula: null }, this.board.channel.revision);
  }

  /** What it meets, in words. */
  #meets() {
    const { count } = this.met();
    return `meets ${count === 1 ? "1 cell" : `${count.toLocaleString("en")} cells`}, one for each output cell that it has a share in.`;
  }

  /** How much of an output cell it made. @param {Place} cell */
  #shareInWords({ stage, index }) {
    const { model } = this.board;
    const { channel, key } = this.shown;
    const { share, weight } = this.met();
    const part = share[index[2] * model.values.get(OUTPUT).shape[3] + index[3]];
    const own = model.explain(stage, index).terms.find((term) => term.key === key && term.index?.[1] === channel);
    const write = (/** @type {"input" | "weight" | "product" | "output"} */ what, /** @type {number} */ x) => (this.board.words(what) ?? short)(x);
    const made = write("product", part);
    const factors = own ? [write("input", own.value), write("weight", weight)] : [];
    const product = own ? `${factors[0]} × ${operand(factors[1])} ${equals(made, read(factors[0]) * read(factors[1]))} ` : "";
    return `Its share of ${nameOf(model, stage, index)}, which is ${write("output", model.value(stage, index))}: ${product}${made}.`;
  }
}
