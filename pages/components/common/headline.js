/**
 * What the ledger's number is called; its place in that tells how it is counted, and leads to another one.
 * @module
 */

import { h } from "./dom.js";
import { goTo } from "./go_to.js";
import { meant } from "./meaning.js";

/** @typedef {import("./model.js").Explanation} Explanation */
/** @typedef {import("./model.js").Model} Model */

const COUNTED = { 1: "Counted from 0", 2: "Row and column, counted from 0" };

export class Headline {
  /**
   * @param {HTMLElement} head that it stands first in
   * @param {{go: (stage: number, index: number[]) => void, halt: () => void} | null} on `go`: to a cell by its numbers, where
   *   the page goes to cells; `halt`: whoever is about to type them is not led on
   */
  constructor(head, on) {
    this.head = head;
    this.on = on;
    /** What it was last begun with. */
    this.titled = "";
  }

  /** Something else stands in the head. */
  forget() {
    this.titled = "";
  }

  /**
   * Begin the head anew with what the number is called, which stays where it is the same: someone may be typing a place in it.
   * @param {Model} model @param {Explanation} explanation @param {string} name
   */
  begin(model, { stage, index, param }, name) {
    const { head, on } = this;
    const shape = param ? null : model.values.get(stage)?.shape;
    const key = JSON.stringify([name, stage, index, shape]);
    const first = head.firstElementChild;
    if (first && this.titled === key) {
      while (first.nextSibling) first.nextSibling.remove();
      return;
    }
    this.titled = key;
    const axes = index.length === 4 ? 2 : 1; // (N, C, H, W) or (N, F): an image and a channel stay the same
    const ask = (/** @type {() => void} */ close) => {
      on.halt();
      return goTo(index.slice(axes), shape.slice(axes), (at) => {
        close();
        on.go(stage, [...index.slice(0, axes), ...at]);
      });
    };
    head.replaceChildren(titleOf(name, shape && on ? ask : null));
  }
}

/** @param {string} name @param {((close: () => void) => Node) | null} further what leads from its place to another one */
function titleOf(name, further) {
  const [, before, place = ""] = /^(.*?)(\[\d+(?:, \d+)?\])?$/.exec(name);
  return h("h2", {}, before, ...(place ? meant(place, COUNTED[place.includes(",") ? 2 : 1], { further }) : []));
}
