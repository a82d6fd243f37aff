/**
 * To a cell by its numbers: "look at [44, 36]" is said to a class, and on a photograph no arrow key leads there soon.
 * @module
 */

import { h } from "./dom.js";

/** What is counted along each axis. @param {number[]} shape */
function namesOf({ length }) {
  return length === 1 ? ["number"] : ["row", "column"];
}

/**
 * The numbers of a place as they were typed, a field each, or pasted all into the first: "44, 36" and "[44, 36]" alike.
 * @param {string[]} texts
 * @param {number[]} shape how many there are along each axis
 * @returns {{at: number[]} | {axis: number, why: string}} `axis`: which number is none, and `why`
 */
function placeIn(texts, shape) {
  // A single one may have its thousands apart, as "2,583 values" has on the page.
  const pasted = shape.length === 1 ? [texts[0].replace(/[\s,[\]]/g, "")] : texts[0].match(/[^\s,;[\]()]+/g) ?? [];
  const written = pasted.length === shape.length ? pasted : texts.map((text) => text.trim());
  const wrong = written.findIndex((text, axis) => !/^\d+$/.test(text) || Number(text) >= shape[axis]);
  if (wrong < 0) return { at: written.map(Number) };
  return { axis: wrong, why: `“${written[wrong]}” is not one of the ${namesOf(shape)[wrong]}s 0 to ${shape[wrong] - 1}.` };
}

/**
 * @param {number[]} at where one is
 * @param {number[]} shape
 * @param {(at: number[]) => void} go
 */
export function goTo(at, shape, go) {
  const why = h("p", { class: "ks-go-to-why", role: "alert" });
  const names = namesOf(shape);
  const fields = names.map((name, axis) =>
    h("input", { type: "text", inputmode: "numeric", class: "ks-typed", autocomplete: "off", "aria-label": `${name} to go to`, value: at[axis], onfocus: (/** @type {FocusEvent} */ event) => /** @type {HTMLInputElement} */ (event.target).select() }),
  );
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const found = placeIn(fields.map((field) => field.value), shape);
    if ("at" in found) {
      go(found.at);
      return;
    }
    fields.forEach((field, axis) => field.setAttribute("aria-invalid", String(axis === found.axis)));
    why.textContent = found.why;
    fields[found.axis].focus();
  };
  const labelled = fields.map((field, axis) => h("label", {}, `${axis ? "" : "go to "}${names[axis]}`, field));
  return h("form", { class: "ks-go-to", onsubmit: submit }, ...labelled, h("button", { type: "submit", class: "ks-button", text: "Go" }), why);
}
