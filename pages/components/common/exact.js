/**
 * Sums without rounding on the way, so that a total on screen is the total of its terms and of nothing else.
 * @module
 */

/**
 * The correctly rounded sum of finite numbers (Shewchuk, "Adaptive precision floating-point arithmetic", 1997;
 * the algorithm behind Python's math.fsum).
 * @param {Iterable<number>} numbers
 * @returns {number}
 */
export function fsum(numbers) {
  /** @type {number[]} Non-overlapping partial sums, smallest first. */
  const partials = [];
  for (let x of numbers) {
    let kept = 0;
    for (let k = 0; k < partials.length; k += 1) {
      let y = partials[k];
      if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x];
      const high = x + y;
      const low = y - (high - x);
      if (low !== 0) {
        partials[kept] = low;
        kept += 1;
      }
      x = high;
    }
    partials.length = kept;
    partials.push(x);
  }
  if (partials.length === 0) return 0;
  let i = partials.length - 1;
  let high = partials[i];
  let low = 0;
  while (i > 0) {
    i -= 1;
    const x = high;
    const y = partials[i];
    high = x + y;
    low = y - (high - x);
    if (low !== 0) break;
  }
  // Half-way cases round to even unless what is left below says which side they lie on.
  if (i > 0 && ((low < 0 && partials[i - 1] < 0) || (low > 0 && partials[i - 1] > 0))) {
    const twice = low * 2;
    const rounded = high + twice;
    if (twice === rounded - high) high = rounded;
  }
  return high;
}
