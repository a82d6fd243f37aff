/**
 * The ledger: one cell's number spelled out, term by term, in digits that add up as they stand.
 * @module
 */

import { h } from "./dom.js";
import { addUp, fixed, placesFor, short } from "./format.js";
import { colour, positionHue, scaleFor } from "./scale.js";

/** @typedef {import("./model.js").Explanation} Explanation */
/** @typedef {import("./model.js").Term} Term */
/** @typedef {import("./model.js").Model} Model */

const MOST_TERMS = 27; // of a longer sum the largest are shown one by one and the others as one term

/**
 * A cell's name, as it is written everywhere: "Feature map [0, 1]", "Score B".
 * @param {Model} model
 * @param {number} stage
 * @param {number[]} index
 */
export function nameOf(model, stage, index) {
  const seen = model.seen(stage, index);
  const { title, names } = seen.stage;
  if (names) return `${title} ${names[seen.index[1]]}`;
  return `${title} [${seen.index.slice(2).join(", ")}]`;
}

export class Ledger {
  /**
   * @param {{pick: (stage: number, index: number[]) => void, term: (term: Term | null) => void}} on
   */
  constructor(on) {
    this.on = on;
    this.head = h("div", { class: "ks-ledger-head" });
    this.body = h("div", { class: "ks-ledger-body" });
    // On a narrow screen the terms fold away, so that the ledger leaves room for the maps it speaks of.
    this.fold = h("button", { type: "button", class: "ks-link ks-fold", "aria-expanded": "false", text: "terms" });
    this.fold.addEventListener("click", () => {
      const open = this.element.classList.toggle("ks-open");
      this.fold.setAttribute("aria-expanded", String(open));
    });
    this.feeds = h("p", { class: "ks-ledger-feeds" });
    this.element = h("section", { class: "ks-ledger", "aria-label": "Where this number comes from" }, this.head, this.body, this.feeds);
  }

  /**
   * @param {Model} model
   * @param {Explanation} explanation
   * @param {{pinned: boolean, dark: boolean}} how
   */
  draw(model, explanation, { pinned, dark }) {
    const { stage, index, rule, value } = explanation;
    const sum = rule === "sum" ? shownSum(explanation) : null;
    const value_text = sum ? fixed(sum.value, sum.places) : short(value, 6);
    this.head.replaceChildren(
      h("h2", { text: nameOf(model, stage, index) }),
      h("span", { class: "ks-equals", text: "=" }),
      h("strong", { class: "ks-ledger-value", text: value_text }),
      h("span", { class: "ks-ledger-state", text: pinned ? "pinned" : "under the pointer" }),
      this.fold,
    );
    if (sum) this.body.replaceChildren(...this.#sum(model, explanation, sum, dark));
    else if (rule === "function") this.body.replaceChildren(this.#function(model, explanation));
    else this.body.replaceChildren(h("p", { class: "ks-ledger-note", text: model.byNumber.get(stage).note ?? "" }));
    this.feeds.replaceChildren(...this.#feeds(model, stage, index));
  }

  /** @param {Model} model @param {Explanation} explanation @param {ReturnType<typeof shownSum>} sum @param {boolean} dark */
  #sum(model, explanation, sum, dark) {
    const stage = model.byNumber.get(explanation.stage);
    const parts = [];
    if (stage.link.kind === "window") parts.push(this.#lens(explanation, stage, sum, dark));
    const list = h("ol", { class: "ks-terms" });
    // A kernel position has a hue of its own; an input of a fully connected layer has none.
    const hue = (/** @type {Term} */ term) => (stage.link.kind === "window" ? positionHue(term.key, dark) : "");
    for (const { term, shown } of sum.rows) list.append(this.#term(model, term, shown, sum.places, hue(term)));
    if (sum.rest.count) {
      list.append(this.#plain(`${sum.rest.count.toLocaleString("en")} smaller terms`, sum.rest.shown, sum.places));
    }
    if (stage.bias) list.append(this.#plain("bias", sum.bias, sum.places));
    if (sum.remainder !== 0) {
      const item = this.#plain("remainder", sum.remainder, sum.places);
      item.title = "The digits that were cut off the terms above, so that the sum adds up as shown";
      list.append(item);
    }
    parts.push(h("div", { class: "ks-ledger-sum" }, list, h("p", { class: "ks-sum", text: inWords(sum, stage.bias !== null) })));
    return parts;
  }

  /** @param {Model} model @param {Term} term @param {number} shown @param {number} places @param {string} hue */
  #term(model, term, shown, places, hue) {
    const where = term.index === null ? "padding" : nameOf(model, term.stage, term.index);
    const item = h(
      "li",
      { class: term.weight === 0 ? "ks-term ks-idle" : "ks-term", title: where },
      h("span", { class: "ks-term-factors", text: `${short(term.value, 4)} × ${short(term.weight, 4)}` }),
      h("span", { class: "ks-term-product", text: fixed(shown, places) }),
    );
    if (hue) item.style.setProperty("--ks-hue", hue);
    item.addEventListener("pointerenter", () => this.on.term(term));
    item.addEventListener("pointerleave", () => this.on.term(null));
    return item;
  }

  /** @param {string} label @param {number} value @param {number} places */
  #plain(label, value, places) {
    return h(
      "li",
      { class: "ks-term ks-plain" },
      h("span", { class: "ks-term-factors", text: label }),
      h("span", { class: "ks-term-product", text: fixed(value, places) }),
    );
  }

  /**
   * The window under a glass: its numbers, the weights they meet, and the products.
   * @param {Explanation} explanation
   * @param {import("./model.js").Stage} stage
   * @param {ReturnType<typeof shownSum>} sum
   * @param {boolean} dark
   */
  #lens(explanation, stage, sum, dark) {
    const columns = stage.link.extent[1];
    const { terms } = explanation;
    const values = terms.map((term) => term.value);
    const padding = terms.map((term) => term.index === null);
    const kind = stage.lens ?? "diverging";
    const table = (/** @type {string} */ title, /** @type {number[]} */ numbers, /** @type {"diverging" | "sequential"} */ scaleKind, /** @type {boolean[] | null} */ blank) => {
      const scale = scaleFor(scaleKind, [numbers]);
      const places = Math.min(2, placesFor(numbers));
      const cells = numbers.map((x, k) => {
        const { fill, ink } = colour(x, scale, dark);
        const cell = h("span", { class: blank?.[k] ? "ks-lens-cell ks-blank" : "ks-lens-cell", text: fixed(x, places) });
        if (!blank?.[k]) Object.assign(cell.style, { background: fill, color: ink });
        cell.style.setProperty("--ks-hue", positionHue(terms[k].key, dark));
        cell.addEventListener("pointerenter", () => this.on.term(terms[k]));
        cell.addEventListener("pointerleave", () => this.on.term(null));
        return cell;
      });
      const grid = h("div", { class: "ks-lens-grid" }, ...cells);
      grid.style.gridTemplateColumns = `repeat(${columns}, 1fr)`;
      return h("figure", { class: "ks-lens-figure" }, grid, h("figcaption", { text: title }));
    };
    const sign = (/** @type {string} */ text) => h("span", { class: "ks-lens-sign", text });
    const lens = h("div", { class: "ks-lens", "aria-hidden": "true" });
    lens.append(table("window", values, kind, padding));
    if (stage.reduce !== "max") {
      const weights = terms.map((term) => term.weight);
      lens.append(sign("×"), table(stage.weight ? "kernel" : "share", weights, "diverging", null));
      lens.append(sign("="), table("products", sum.rows.map((row) => row.shown), "diverging", null));
    } else {
      [...lens.querySelectorAll(".ks-lens-cell")].forEach((cell, k) => cell.classList.toggle("ks-wins", terms[k].weight === 1));
    }
    return lens;
  }

  /** @param {Model} model @param {Explanation} explanation */
  #function(model, explanation) {
    const { terms, value, index } = explanation;
    const own = terms.find((term) => term.index?.every((at, axis) => at === index[axis])) ?? terms[0];
    const numbers = terms.map((term) => short(term.value, 4));
    const formula = (explanation.formula ?? "")
      .replaceAll("{x}", short(own.value, 4))
      .replaceAll("{y}", short(value, 6))
      .replaceAll("{all}", numbers.map((x) => `e^${x}`).join(" + "));
    const from = nameOf(model, own.stage, own.index);
    return h("div", { class: "ks-ledger-function" }, h("p", { class: "ks-sum", text: formula }), h("p", { class: "ks-ledger-note", text: `from ${from}` }));
  }

  /** @param {Model} model @param {number} stage @param {number[]} index */
  #feeds(model, stage, index) {
    const parts = [];
    for (const [number, { box, role }] of model.relatives(stage, index)) {
      const next = model.byNumber.get(number);
      if (role !== "feeds" || next.view === null) continue;
      const single = box.top === box.bottom && box.left === box.right;
      const shape = model.values.get(number).shape;
      const cell = shape.length === 4 ? [0, index[1] ?? 0, box.top, box.left] : [0, box.top];
      const whole = (box.bottom - box.top + 1) * (box.right - box.left + 1);
      let text = next.names && !single ? `all ${whole} ${next.plural}` : `${whole} cells of ${next.title}`;
      if (single) text = `${nameOf(model, number, cell)} = ${short(model.value(number, cell), 4)}${outcome(model, next, cell, stage, index)}`;
      parts.push(
        single
          ? h("button", { type: "button", class: "ks-link", text, onclick: () => this.on.pick(number, cell) })
          : h("span", { text }),
      );
    }
    return parts.length ? [h("span", { text: "feeds " }), ...parts.flatMap((part, k) => (k ? [" → ", part] : ["→ ", part]))] : [];
  }
}

/**
 * Whether a cell wins the pooling window it stands in.
 * @param {Model} model
 * @param {import("./model.js").Stage} pool
 * @param {number[]} cell
 * @param {number} stage
 * @param {number[]} index
 */
function outcome(model, pool, cell, stage, index) {
  if (pool.reduce !== "max") return "";
  const winner = model.explain(pool.stage, cell).terms.find((term) => term.weight === 1)?.index;
  const path = [...model.relatives(stage, index)].find(([number]) => number === pool.reads)?.[1].box;
  if (!winner || !path || path.top !== path.bottom || path.left !== path.right) return "";
  return winner[2] === path.top && winner[3] === path.left ? " (wins)" : " (does not win)";
}

/**
 * The rows of a sum as they are shown: all of a short one; of a long one the largest, and the others as one.
 * @param {Explanation} explanation
 */
export function shownSum(explanation) {
  const { terms, bias, value } = explanation;
  let kept = terms;
  let others = /** @type {Term[]} */ ([]);
  if (terms.length > MOST_TERMS) {
    const sorted = [...terms].sort((a, b) => Math.abs(b.product) - Math.abs(a.product));
    kept = sorted.slice(0, MOST_TERMS - 3);
    others = sorted.slice(MOST_TERMS - 3);
  }
  const rest = others.reduce((total, term) => total + term.product, 0);
  const sum = addUp({ products: [...kept.map((term) => term.product), ...(others.length ? [rest] : [])], bias, value });
  return {
    ...sum,
    rows: kept.map((term, k) => ({ term, shown: sum.products[k] })),
    rest: { count: others.length, shown: others.length ? sum.products[kept.length] : 0 },
  };
}

/**
 * A shown sum as one line of text, to be read aloud.
 * @param {ReturnType<typeof shownSum>} sum
 * @param {boolean} withBias
 */
function inWords(sum, withBias) {
  const plus = (/** @type {number} */ x, /** @type {string} */ label, /** @type {boolean} */ first) => {
    const size = `${label}${fixed(Math.abs(x), sum.places)}`;
    const negative = fixed(x, sum.places).startsWith("−");
    if (first) return negative ? `−${size}` : size;
    return `${negative ? " − " : " + "}${size}`;
  };
  let text = sum.products.map((x, k) => plus(x, "", k === 0)).join("");
  if (withBias) text += plus(sum.bias, "bias ", text === "");
  if (sum.remainder !== 0) text += plus(sum.remainder, "remainder ", false);
  return `${text} = ${fixed(sum.value, sum.places)}`;
}
