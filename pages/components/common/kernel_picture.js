/**
 * A kernel's weights as a small picture: numbers where they fit, else colours alone.
 * @module
 */

import { h } from "./dom.js";
import { short, typed } from "./format.js";
import { inParts } from "./fraction.js";
import { colour, scaleFor } from "./scale.js";

const NUMBERS_UP_TO = 3; // rows and columns of a kernel that is shown in numbers
const SIDE = 105; // px: a larger one is shown in colours alone

/**
 * @param {number[]} weights in row-major order
 * @param {number} columns
 * @param {boolean} dark
 * @param {number | null} counted in how many parts of one all weights are counted, null where they are decimals: a rounded
 *   weight would not give what the kernel makes
 */
export function kernelPicture(weights, columns, dark, counted) {
  const scale = scaleFor("diverging", [weights]);
  // The numbers of a larger kernel would not fit; its colours do, and each cell tells its own.
  const room = Math.max(columns, weights.length / columns) <= NUMBERS_UP_TO;
  const written = weights.map(counted ? inParts(counted) : (weight) => short(weight, 2));
  const cells = weights.map((weight, k) => {
    const cell = h("span", { text: room ? written[k] : "", title: typed(weight) });
    const { fill, ink } = colour(weight, scale, dark);
    Object.assign(cell.style, { background: fill, color: ink });
    return cell;
  });
  const label = `weights ${weights.map((weight) => short(weight, 4)).join(" ")}`;
  const picture = h("div", { class: "ks-card-kernel", role: "img", "aria-label": label }, ...cells);
  picture.style.gridTemplateColumns = `repeat(${columns}, ${room ? "34px" : `${Math.floor(SIDE / columns)}px`})`;
  picture.classList.toggle("ks-plain", !room);
  return picture;
}
