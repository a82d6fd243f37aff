/**
 * What becomes of a cell: the cells it feeds, stage by stage, until it no longer counts.
 * @module
 */

import { brief } from "./format.js";
import { nameOf } from "./names.js";
import { relativesOf } from "./relatives.js";

/** @typedef {import("./model.js").Model} Model */
/**
 * @typedef {{text: string, stage?: number, cell?: number[], last?: boolean, beside?: boolean, view?: string}} Step  with `stage` and `cell` where it is a
 *   single cell; `last` where nothing of it goes on; `beside` where it is not
 *   the step before that is read, but an earlier number
 */

/**
 * @param {Model} model
 * @param {number} stage
 * @param {number[]} index
 * @param {number} shown the channel whose maps are looked at
 * @param {string} [written] how the cell's own number is written: passed on as it is, it is written the same
 * @param {string} [equals] what stands between a cell and its number
 * @returns {Step[]}
 */
export function feeds(model, stage, index, shown, written = "", equals = "=") {
  const relatives = relativesOf(model, stage, index, shown);
  const reached = new Set([stage]);
  /** The stage that the last step is of. */
  let at = stage;
  /** @type {Step[]} */
  const steps = [];
  for (const next of model.stages) {
    if (next.view === null || next.aside || !reached.has(next.reads)) continue;
    const beside = next.reads !== at;
    const found = relatives.get(next.stage);
    if (!found) {
      steps.push({ text: `no window of ${next.title} reads it`, beside, view: next.view });
      continue;
    }
    reached.add(next.stage);
    if (!beside || next.link.kind !== "reshape") at = next.stage;
    // Flattening only moves a number: the way on is told by what is made of it.
    if (next.link.kind === "reshape") continue;
    const { box, channel, lines: [rows, columns] } = found;
    const count = rows.length * columns.length;
    if (count > 1) {
      steps.push({ text: next.names ? `all ${count} ${next.plural}` : `${count} cells of ${next.title}`, beside, view: next.view });
      continue;
    }
    // No stage mixes the images of a batch.
    const image = index.length === 4 ? index[0] : 0;
    const cell = model.values.get(next.stage).shape.length === 4 ? [image, channel ?? 0, box.top, box.left] : [image, box.top];
    const fate = fateOf(model, next, cell, stage, index);
    const value = model.value(next.stage, cell);
    const number = written && value === model.value(stage, index) ? written : brief(value, 4, next.dust);
    steps.push({ text: `${nameOf(model, next.stage, cell)} ${equals} ${number}${fate.told}`, stage: next.stage, cell, last: fate.lost, beside, view: next.view });
    // Of what lost nothing goes on; another stage may read the same cell beside this one.
    if (fate.lost) reached.delete(next.stage);
  }
  return steps;
}

/**
 * The stages that a cell's number never reaches, as it loses a pooling window before them.
 * @param {Model} model
 * @param {number} stage
 * @param {number[]} index
 * @param {number} shown the channel whose maps are looked at
 * @returns {Set<number>}
 */
export function unreached(model, stage, index, shown) {
  const end = feeds(model, stage, index, shown).find(({ last }) => last)?.stage;
  const numbers = model.stages.map((each) => each.stage);
  return new Set(end === undefined ? [] : numbers.slice(numbers.indexOf(end) + 1));
}

/**
 * Whether a cell, or what was made of it, wins the pooling window it stands in.
 * @param {Model} model
 * @param {import("./model.js").Stage} pool
 * @param {number[]} cell
 * @param {number} stage
 * @param {number[]} index
 * @returns {{told: string, lost: boolean}}
 */
function fateOf(model, pool, cell, stage, index) {
  const untold = { told: "", lost: false };
  if (pool.reduce !== "max") return untold;
  const winner = model.explain(pool.stage, cell).terms.find((term) => term.weight === 1)?.index;
  const path = relativesOf(model, stage, index, cell[1]).get(pool.reads)?.box;
  if (!winner || !path || path.top !== path.bottom || path.left !== path.right) return untold;
  if (winner[2] === path.top && winner[3] === path.left) return { told: " (wins)", lost: false };
  const equal = model.value(pool.reads, [0, winner[1], path.top, path.left]) === model.value(pool.reads, winner);
  return { told: equal ? " (as large as the winner, but not the first)" : " (does not win)", lost: true };
}
