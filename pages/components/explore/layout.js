/**
 * How wide and tall each column of Explore is: maps as large as they fit side by side, the others beside them.
 * @module
 */

import { weightSize } from "../common/kernel.js";
import { STACKED_MAP, STACKED_WIDTH, TALLEST, cellSize } from "../common/layout.js";

const COLUMN = { bars: 140, vector: 84, missing: 130, tail: 88 }; // px a column that is no map
const NARROWEST_KERNEL = 150; // px
const ABREAST_BELOW = 676; // px: on a wider strip, that of a window from 740 px on, two columns stand beside each other anyway
const APART = 10; // px between the input and the kernel beside it

/** What a newcomer's first screen shows on a phone: a feature map and what it is made of. */
const THREE = ["input", "kernel", "conv"];

/** How wide a column beside the input is, where columns stand below each other, px. @param {number} width of the strip, px */
const besideInput = (width) => width - Math.min(STACKED_MAP, width * 0.5) - APART;

/**
 * Give the columns their sizes.
 * @param {number} width of the strip, px
 * @param {{columns: {view: string, kind: string, shape?: number[], ring?: number[], field?: any}[], kernel: number[]}} sizes
 *   `kernel`: the shape of the bank
 * @param {ReadonlyMap<string, import("../common/column.js").Column>} columns
 * @returns {{stacked: boolean, abreast: boolean, tight: boolean, looked: Map<string, any>}} whether they stand below each
 *   other, with the kernel beside the input or not, or close together; and the maps with what zooming them together needs
 */
export function layOut(width, { columns: all, kernel }, columns) {
  const maps = all.filter(({ kind }) => kind === "map");
  const sizes = maps.map(({ shape, ring }) => ({ rows: shape[2], columns: shape[3], ring }));
  const kernelWidth = Math.max(NARROWEST_KERNEL, kernel[3] * (weightSize(Math.max(kernel[2], kernel[3])) + 2) + 6);
  const others = all.filter(({ kind }) => kind !== "map").map(({ kind }) => COLUMN[kind] ?? kernelWidth);
  const { stacked, tight, sizes: cells, widths } = cellSize(width, sizes, others);
  const looked = new Map();
  maps.forEach(({ view, field }, k) => {
    const column = columns.get(view);
    const { rows, columns: across, ring } = sizes[k];
    column.view.resize(rows, across, cells[k], ring);
    column.element.style.width = stacked ? "" : `${widths[k]}px`;
    const [top, bottom, left, right] = ring.map((side) => Math.ceil(side * cells[k]));
    column.view.element.style.margin = `${top}px ${right}px ${bottom}px ${left}px`;
    looked.set(view, { grid: column.view, map: { rows, columns: across, field } });
  });
  const kernelColumn = columns.get("kernel");
  kernelColumn?.element.classList.toggle("ks-wide-column", kernelWidth > STACKED_WIDTH);
  if (kernelColumn) kernelColumn.element.style.width = stacked ? "" : `${kernelWidth}px`;
  const flat = columns.get("flat");
  if (flat?.kind === "vector") {
    const count = all.find(({ view }) => view === "flat").shape[1];
    // Longer than its pixels it tells no more by being tall, and would keep everything below the maps off a low screen.
    const beside = Math.max(kernelWidth, ...sizes.map(({ rows, ring }, k) => Math.ceil((rows + ring[0] + ring[1]) * cells[k])));
    flat.view.resize(count, stacked ? TALLEST / 2 : count > TALLEST ? Math.min(TALLEST, beside) : TALLEST);
  }
  const abreast = stacked && width < ABREAST_BELOW && THREE.every((view) => columns.has(view)) && besideInput(width) >= kernelWidth;
  return { stacked, abreast, tight, looked };
}
