/**
 * What a cell sees of the input, in words, and the way to how much each cell of it counts.
 * @module
 */

import { h, setText } from "../common/dom.js";

/** @typedef {import("../common/model.js").Seen} Seen */

export class Sees {
  /** @param {() => void} weigh show the effective weights of the pinned cell, or values again */
  constructor(weigh) {
    this.text = h("span");
    this.button = h("button", { type: "button", class: "ks-link", onclick: weigh });
    this.element = h("p", { class: "ks-sees" }, this.text, " ", this.button);
    this.tell(null, false, false);
  }

  /**
   * @param {Seen | null} seen null where nothing is looked at that was computed
   * @param {boolean} asked whether a cell is pinned that can be asked for its effective weights
   * @param {boolean} shown whether they are shown
   */
  tell(seen, asked, shown) {
    setText(this.text, seen ? inWords(seen) : "");
    this.button.hidden = !asked && !shown;
    setText(this.button, shown ? "values again" : "effective weights");
    this.button.title = shown ? "Show the numbers of every map again" : "How much the pinned cell changes with each cell of the input: its gradient, on the input's map";
  }
}

/**
 * @param {Seen} seen
 * @returns {string}
 */
export function inWords({ box, inside, read, input }) {
  const size = `${box.bottom - box.top + 1} × ${box.right - box.left + 1}`;
  if (!inside) return `sees nothing of the input: its field of ${size} lies in padding alone`;
  const place = `${lines("row", inside.top, inside.bottom)}, ${lines("column", inside.left, inside.right)}`;
  const span = `${inside.bottom - inside.top + 1} × ${inside.right - inside.left + 1}`;
  const cells = `${read[0]} × ${read[1]}`;
  let text = cells === `${input[0]} × ${input[1]}` ? `sees all ${cells} of the input` : cells === span ? `sees ${cells} of the input, ${place}` : `sees ${cells} cells of the input, spread over ${place}`;
  const beyond = [
    [-box.top, "row", "above"],
    [box.bottom - input[0] + 1, "row", "below"],
    [-box.left, "column", "left"],
    [box.right - input[1] + 1, "column", "right"],
  ].flatMap(([count, name, side]) => (Number(count) > 0 ? [`${count} ${name}${count === 1 ? "" : "s"} ${side}`] : []));
  if (beyond.length) text += `; its field of ${size} goes on into padding: ${beyond.join(", ")}`;
  return text;
}

/** @param {string} name @param {number} first @param {number} last */
function lines(name, first, last) {
  return first === last ? `${name} ${first}` : `${name}s ${first}–${last}`;
}
