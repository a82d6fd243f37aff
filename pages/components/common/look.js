/**
 * How the maps are coloured: which of them share a scale, and in which colours.
 * @module
 */

import { h } from "./dom.js";
import { COLOURS, SHARING, looked, rememberLook, tellLook } from "./looked.js";
import { extremesOf, inColours, scaleFor } from "./scale.js";
import { tellAddress } from "./visit.js";

/** @typedef {import("./scale.js").Scale} Scale */

export class Look {
  /** @param {() => void} changed */
  constructor(changed) {
    const { sharing, colours } = looked();
    this.sharing = sharing;
    this.colours = colours;
    /** What is drawn in diverging colours, by group, stage or map. @type {Set<string>} */
    this.diverging = new Set();
    /** The scales that each stage's planes were given last, and how many planes an image of it has. @type {Map<number, {scales: Scale[], planes: number}>} */
    this.given = new Map();
    const choice = (/** @type {string} */ label, /** @type {Record<string, string>} */ options, /** @type {"sharing" | "colours"} */ field, /** @type {string} */ hint) => {
      const select = h("select", { "aria-label": label, title: hint }, ...Object.entries(options).map(([value, text]) => h("option", { value, text, selected: value === this[field] })));
      select.addEventListener("change", () => {
        this[field] = select.value;
        rememberLook({ sharing: this.sharing, colours: this.colours });
        tellAddress(tellLook);
        changed();
      });
      return select;
    };
    this.element = h(
      "div",
      { class: "ks-look", role: "group", "aria-label": "Colours" },
      choice("Which maps share a colour scale", SHARING, "sharing", "Shared: a colour is the same number on every map"),
      choice("Colours of the maps", COLOURS, "colours", "By sign: zero is the page's own colour wherever numbers can be negative"),
    );
  }

  /**
   * A scale for each plane of each stage.
   * @param {{stage: any, tensor: import("./blob.js").Tensor}[]} stages those of one group
   * @param {boolean} [held] whether a gesture is under way: then a map whose last negative number is just being dragged
   *   away keeps its colours until the hand lets go
   * @returns {Scale[][]} in the same order
   */
  scales(stages, held = false) {
    const found = this.#found(stages, held);
    stages.forEach(({ stage, tensor: { shape } }, k) => this.given.set(stage.stage, { scales: found[k], planes: shape.length === 4 ? shape[1] : 1 }));
    return found;
  }

  /** The scale that a cell's map is drawn with. @param {number} stage @param {number[]} index @returns {Scale | null} */
  scaleAt(stage, index) {
    const { scales, planes } = this.given.get(stage) ?? { scales: [], planes: 1 };
    return scales[index.length === 4 ? index[0] * planes + index[1] : 0] ?? null;
  }

  /** @param {{stage: any, tensor: import("./blob.js").Tensor}[]} stages @param {boolean} held @returns {Scale[][]} */
  #found(stages, held) {
    const { kind, domain, negative = false } = stages[0].stage.scale;
    const planes = stages.map(({ stage: { dust = 0 }, tensor }) => {
      // What rounding left of a 0 is none on any scale: alone it would fill the whole of it.
      const settled = (/** @type {number} */ end) => (Math.abs(end) <= dust ? 0 : end);
      const ends = (/** @type {number} */ c) => /** @type {[number, number]} */ (extremesOf(tensor, c).map(settled));
      return Array.from({ length: tensor.shape.length === 4 ? tensor.shape[0] * tensor.shape[1] : 1 }, (_, c) => ends(c));
    });
    // The ends of a map are all that its scale asks for.
    const coloured = (/** @type {[number, number][]} */ ends, /** @type {string} */ name) => {
      const below = (negative && this.sharing === "shared") || (held && this.diverging.has(name));
      const scale = scaleFor(kind === "signed" && below ? "diverging" : kind, ends, domain, this.sharing !== "shared");
      if (scale.kind === "diverging") this.diverging.add(name);
      else this.diverging.delete(name);
      return stages[0].stage.stage === -1 && this.colours !== "cividis" ? scale : inColours(scale, /** @type {any} */ (this.colours));
    };
    if (this.sharing === "shared") {
      const one = coloured(planes.flat(), stages[0].stage.scale.group);
      return planes.map((each) => each.map(() => one));
    }
    return planes.map((each, k) => {
      const name = `${stages[k].stage.stage}`;
      const own = coloured(each, name);
      return each.map((ends, c) => (this.sharing === "map" ? coloured([ends], `${name} ${c}`) : own));
    });
  }
}
