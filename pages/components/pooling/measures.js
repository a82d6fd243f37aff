/**
 * How much a shift changes each pooling's map: the numbers, and each in words.
 * @module
 */

import { h } from "../common/dom.js";
import { short } from "../common/format.js";

/** @typedef {{title: string, same: number, cells: number, change: number, share: number | null, relative: number | null, sentence: string}} Measure */

export class Measures {
  constructor() {
    this.list = h("ol", { class: "ks-measure-list" });
    this.element = h("section", { class: "ks-measures", "aria-label": "How much the shift changes" }, h("h2", { text: "How much the shift changes" }), this.list);
    this.written = "";
  }

  /** @param {Measure[]} measures */
  draw(measures) {
    this.element.hidden = !measures.length;
    const written = JSON.stringify(measures);
    if (written === this.written) return;
    this.written = written;
    const most = Math.max(1, ...measures.map(({ relative }) => relative ?? 0));
    this.list.replaceChildren(...measures.map((each) => row(each, most)));
  }
}

/** @param {Measure} measure @param {number} most the largest relative change */
function row({ title, same, cells, change, share, relative, sentence }, most) {
  const bar = h("span", { class: "ks-bar" });
  bar.style.width = `${(100 * (relative ?? 0)) / most}%`;
  return h(
    "li",
    { "data-measure": title },
    h("b", { text: title }),
    h("span", { class: "ks-measure-same", text: `${same.toLocaleString("en")} of ${cells.toLocaleString("en")} unchanged`, title: "Cells that show the number that they showed before" }),
    h("span", { class: "ks-measure-change", text: `mean |change| ${short(change, 4)}${share === null ? "" : ` = ${short(100 * share, 1)} % of mean |cell|`}`, title: "The mean of all cells' absolute differences, and how much that is of the mean of what they held, signs aside" }),
    h("span", { class: "ks-measure-relative", title: "The mean change over the input's own mean change" }, h("span", { class: "ks-bar-track", "aria-hidden": "true" }, bar), h("span", { text: relative === null ? "–" : `${short(relative, 3)} × the input's` })),
    h("p", { text: sentence }),
  );
}
