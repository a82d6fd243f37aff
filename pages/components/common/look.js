/**
 * How the maps are coloured: which of them share a scale, and in which colours.
 * @module
 */

import { h } from "./dom.js";
import { extremesOf, inColours, scaleFor } from "./scale.js";

/** @typedef {import("./scale.js").Scale} Scale */

const KEPT = "kernelscope-look";
const SHARING = { shared: "scale: shared", stage: "scale: per stage", map: "scale: per map" };
const COLOURS = { auto: "colours: by sign", diverging: "colours: diverging", cividis: "colours: sequential", grey: "colours: grey" };

export class Look {
  /** @param {() => void} changed */
  constructor(changed) {
    this.sharing = "shared";
    this.colours = "auto";
    try {
      const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
      if (kept.sharing in SHARING) this.sharing = kept.sharing;
      if (kept.colours in COLOURS) this.colours = kept.colours;
    } catch {
      // Nothing was kept, or the browser forbids it: the maps begin as they always do.
    }
    const choice = (/** @type {string} */ label, /** @type {Record<string, string>} */ options, /** @type {"sharing" | "colours"} */ field, /** @type {string} */ hint) => {
      const select = h("select", { "aria-label": label, title: hint }, ...Object.entries(options).map(([value, text]) => h("option", { value, text, selected: value === this[field] })));
      select.addEventListener("change", () => {
        this[field] = select.value;
        try {
          sessionStorage.setItem(KEPT, JSON.stringify({ sharing: this.sharing, colours: this.colours }));
        } catch {
          // Only this page's visit remembers it then.
        }
        changed();
      });
      return select;
    };
    this.element = h(
      "div",
      { class: "ks-look", role: "group", "aria-label": "Colours" },
      choice("Which maps share a colour scale", SHARING, "sharing", "Shared: a colour is the same number on every map"),
      choice("Colours of the maps", COLOURS, "colours", "By sign: zero is the page's own colour as soon as a number is negative"),
    );
  }

  /**
   * A scale for each plane of each stage.
   * @param {{stage: any, tensor: import("./blob.js").Tensor}[]} stages those of one group
   * @returns {Scale[][]} in the same order
   */
  scales(stages) {
    const { kind, domain } = stages[0].stage.scale;
    const planes = stages.map(({ tensor }) => Array.from({ length: tensor.shape.length === 4 ? tensor.shape[0] * tensor.shape[1] : 1 }, (_, c) => extremesOf(tensor, c)));
    // The ends of a map are all that its scale asks for.
    const coloured = (/** @type {[number, number][]} */ ends) => {
      const scale = scaleFor(kind, ends, domain);
      return stages[0].stage.stage === -1 && this.colours !== "cividis" ? scale : inColours(scale, /** @type {any} */ (this.colours));
    };
    if (this.sharing === "shared") {
      const one = coloured(planes.flat());
      return planes.map((each) => each.map(() => one));
    }
    return planes.map((each) => {
      const own = coloured(each);
      return each.map((ends) => (this.sharing === "map" ? coloured([ends]) : own));
    });
  }
}
