/**
 * The only place where a value becomes a colour.
 * Diverging: blue below zero, orange above, the page's own paper at zero; told apart with every colour vision.
 * Sequential: black to white, as in a photograph; or, where it is asked for, cividis, dark blue to yellow, whose
 * lightness rises evenly for every colour vision (J. R. Nuñez, C. R. Anderton and R. S. Renslow, 2018).
 * @module
 */

/** @typedef {"diverging" | "sequential" | "cividis"} Kind */
/** @typedef {{kind: Kind, low: number, high: number}} Scale */

const STOPS = {
  diverging: {
    light: ["#144a8f", "#4a8fd0", "#a9cbe9", "#f6f6f4", "#f6c08a", "#dd7a24", "#8f3d00"],
    dark: ["#8ac6ff", "#3f8ede", "#1d4a7c", "#20242c", "#7c4413", "#e0812f", "#ffc58a"],
  },
  sequential: { light: ["#000000", "#ffffff"], dark: ["#000000", "#ffffff"] },
  cividis: {
    light: ["#00224e", "#233e6c", "#575d6d", "#7c7b78", "#a59c74", "#d2c060", "#fee838"],
    dark: ["#00224e", "#233e6c", "#575d6d", "#7c7b78", "#a59c74", "#d2c060", "#fee838"],
  },
};
const STEPS = 256;
/** The hue of each kernel position, one turn of the wheel in golden-angle steps so that neighbours differ. */
const GOLDEN_ANGLE = 137.508;

/** @param {string} hex */
const channels = (hex) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16));

/** @type {Map<string, Uint8ClampedArray>} */
const tables = new Map();

/**
 * 256 colours from a scale's low end to its high end, 4 bytes a colour.
 * @param {Kind} kind
 * @param {boolean} dark
 */
function table(kind, dark) {
  const name = `${kind} ${dark}`;
  let colours = tables.get(name);
  if (!colours) {
    const stops = STOPS[kind][dark ? "dark" : "light"].map(channels);
    colours = new Uint8ClampedArray(STEPS * 4);
    for (let k = 0; k < STEPS; k += 1) {
      const place = (k / (STEPS - 1)) * (stops.length - 1);
      const from = Math.min(Math.floor(place), stops.length - 2);
      for (let c = 0; c < 3; c += 1) {
        colours[k * 4 + c] = stops[from][c] + (stops[from + 1][c] - stops[from][c]) * (place - from);
      }
      colours[k * 4 + 3] = 255;
    }
    tables.set(name, colours);
  }
  return colours;
}

/**
 * The least and the largest number of one plane of a tensor, found once and kept with it.
 * @param {import("./blob.js").Tensor & {extremes?: ([number, number] | undefined)[]}} tensor
 * @param {number} plane 0 for a vector
 * @returns {[number, number]}
 */
export function extremesOf(tensor, plane) {
  tensor.extremes ??= [];
  let found = tensor.extremes[plane];
  if (!found) {
    const { shape, values } = tensor;
    const size = shape.length === 4 ? shape[2] * shape[3] : values.length;
    let [low, high] = [Infinity, -Infinity];
    for (let k = plane * size; k < (plane + 1) * size; k += 1) {
      if (values[k] < low) low = values[k];
      if (values[k] > high) high = values[k];
    }
    found = [low, high];
    tensor.extremes[plane] = found;
  }
  return found;
}

/**
 * A new tensor that takes over what is known of the planes that it shares with the one before.
 * @template {import("./blob.js").Tensor} T
 * @param {T} tensor
 * @param {import("./blob.js").Tensor & {extremes?: ([number, number] | undefined)[]}} before
 * @param {{first: number, last: number} | null} region the planes that are new
 * @returns {T}
 */
export function withExtremes(tensor, before, region) {
  if (!region || !before.extremes) return tensor;
  const extremes = before.extremes.map((each, plane) => (plane >= region.first && plane <= region.last ? undefined : each));
  return { ...tensor, extremes };
}

/**
 * The scale that holds all of these maps: nothing is clipped, and a diverging one is centred on zero.
 * "signed" maps are diverging as soon as one number is negative; without one they are a picture, and look like one.
 * A picture within [0, 1] is as bright as the photograph it was made of: 0 is black and 1 is white on both.
 * @param {"diverging" | "sequential" | "signed"} kind
 * @param {ArrayLike<number>[]} maps
 * @param {[number, number]} [domain] the least it shows
 * @param {boolean} [filled] whether its own numbers are to fill the scale, a picture's too
 * @returns {Scale}
 */
export function scaleFor(kind, maps, domain = [0, 0], filled = false) {
  let [low, high] = domain;
  for (const values of maps) {
    for (let k = 0; k < values.length; k += 1) {
      if (values[k] < low) low = values[k];
      if (values[k] > high) high = values[k];
    }
  }
  if (kind === "diverging" || (kind === "signed" && low < 0)) {
    const reach = Math.max(-low, high) || 1;
    return { kind: "diverging", low: -reach, high: reach };
  }
  if (kind === "signed" && !filled && low === 0 && high < 1) high = 1;
  return { kind: "sequential", low, high: high > low ? high : low + 1 };
}

/**
 * The same numbers in the colours a person asked for.
 * @param {Scale} scale
 * @param {"auto" | "diverging" | "grey" | "cividis"} colours
 * @returns {Scale}
 */
export function inColours(scale, colours) {
  if (colours === "grey") return { ...scale, kind: "sequential" };
  if (colours === "cividis") return { ...scale, kind: "cividis" };
  if (colours !== "diverging") return scale;
  const reach = Math.max(Math.abs(scale.low), Math.abs(scale.high)) || 1;
  return { kind: "diverging", low: -reach, high: reach };
}

/** @param {number} value @param {Scale} scale */
function step(value, scale) {
  const place = Math.round(((value - scale.low) / (scale.high - scale.low)) * (STEPS - 1));
  return place < 0 ? 0 : place >= STEPS ? STEPS - 1 : place;
}

/**
 * Paint values, one pixel a value.
 * @param {Uint8ClampedArray} pixels 4 bytes a value
 * @param {ArrayLike<number>} values
 * @param {number} offset of the first value
 * @param {Scale} scale
 * @param {boolean} dark
 */
export function paint(pixels, values, offset, scale, dark) {
  const colours = new Uint32Array(table(scale.kind, dark).buffer);
  const target = new Uint32Array(pixels.buffer);
  const factor = (STEPS - 1) / (scale.high - scale.low);
  for (let k = 0; k < target.length; k += 1) {
    const place = ((values[offset + k] - scale.low) * factor + 0.5) | 0;
    target[k] = colours[place < 0 ? 0 : place >= STEPS ? STEPS - 1 : place];
  }
}

/**
 * Paint three planes as one picture in colour, 0 black and 1 full.
 * @param {Uint8ClampedArray} pixels 4 bytes a cell
 * @param {ArrayLike<number>} values red, then green, then blue
 */
export function paintColour(pixels, values) {
  const count = pixels.length / 4;
  for (let k = 0; k < count; k += 1) {
    for (let c = 0; c < 3; c += 1) pixels[4 * k + c] = values[c * count + k] * 255;
    pixels[4 * k + 3] = 255;
  }
}

/**
 * A value's colour, and black or white to write on it.
 * @param {number} value
 * @param {Scale} scale
 * @param {boolean} dark
 * @returns {{fill: string, ink: string}}
 */
export function colour(value, scale, dark) {
  const k = step(value, scale) * 4;
  const [r, g, b] = table(scale.kind, dark).subarray(k, k + 3);
  const linear = [r, g, b].map((x) => (x / 255 <= 0.04045 ? x / 255 / 12.92 : ((x / 255 + 0.055) / 1.055) ** 2.4));
  const luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  // WCAG: the luminance at which black and white have the same contrast is 0.179.
  return { fill: `rgb(${r} ${g} ${b})`, ink: luminance > 0.179 ? "#000" : "#fff" };
}

/**
 * A scale's colours as a CSS gradient, low to high.
 * @param {Scale} scale
 * @param {boolean} dark
 */
export function gradient(scale, dark) {
  return `linear-gradient(to right, ${STOPS[scale.kind][dark ? "dark" : "light"].join(", ")})`;
}

/**
 * The colours of a bar below zero and of one above: the diverging scale's, short of its ends.
 * @param {boolean} dark
 * @returns {[string, string]}
 */
export function barColours(dark) {
  const stops = STOPS.diverging[dark ? "dark" : "light"];
  return [stops[1], stops[stops.length - 2]];
}

/**
 * The hue of a kernel position, the same wherever that position appears.
 * @param {number} position in row-major order
 * @param {boolean} dark
 */
export function positionHue(position, dark) {
  return `hsl(${((position * GOLDEN_ANGLE + 340) % 360).toFixed(0)} 65% ${dark ? 65 : 42}%)`;
}

/**
 * Whether the page around an element is dark, read off its own background: the theme may flip at any time.
 * @param {Element} element
 */
export function isDark(element) {
  const background = getComputedStyle(element).getPropertyValue("--st-background-color").trim() || "#ffffff";
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  probe.fillStyle = background;
  probe.fillRect(0, 0, 1, 1);
  const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b < 128;
}
