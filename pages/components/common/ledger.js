/**
 * The ledger: one cell's number spelled out, term by term, in digits that add up as they stand.
 * @module
 */

import { h, setText } from "./dom.js";
import { fsum } from "./exact.js";
import { feeds } from "./feeds.js";
import { addsUp, inParts } from "./fraction.js";
import { brief, equals, fixed, operand, placesFor, read, short } from "./format.js";
import { Headline } from "./headline.js";
import { nameOf, sourceName } from "./names.js";
import { positionHue } from "./scale.js";
import { LedgerRoom } from "./ledger_room.js";
import { goesUnder, leaveOutCrowded, lensOf } from "./lens.js";
import { meant } from "./meaning.js";
import { raised } from "./power.js";
import { preview } from "./preview.js";
import { ShortLedger } from "./short_ledger.js";
import { REMAINDER, inWords, largestInWords, madeOf, planesOf, shownSum } from "./sum.js";
import { entersTo, opensBy, walk } from "./terms.js";
import { Trail, keyOf } from "./trail.js";

/** @typedef {import("./model.js").Explanation} Explanation */
/** @typedef {import("./model.js").Term} Term */
/** @typedef {import("./model.js").Model} Model */
/** @typedef {{stage: number, index: number[]}} Place */

const ROW = 3; // terms that have room beside each other on a phone
const FEW = 9; // terms, which a glance takes in, zeros among them
const [LEAST_OF_INPUT, MOST_OF_INPUT] = [4, 9]; // digits of what goes into a function, where so many give its result
const EVERY_DIGIT = 17; // that a float has: of what is taken from each other, such as scores, all may count

const BESIDE_GRADIENTS = "of value"; // before a number where the maps show something else of it
const REMAINS = "What the digits cut off the other terms add up to: with it, the sum adds up as shown";

export class Ledger {
  /**
   * @param {{pick: (stage: number, index: number[]) => void, term: (term: Term | null) => void, place?: {go: (stage: number, index: number[]) => void, halt: () => void}}} on
   *   `place`: where the page goes to cells, what leads to one by its numbers
   */
  constructor(on) {
    this.on = on;
    this.head = h("div", { class: "ks-ledger-head" });
    this.body = h("div", { class: "ks-ledger-body" });
    /** What the number is a gradient of, "" where it is a value. */
    this.of = "";
    this.headline = new Headline(this.head, on.place ?? null);
    this.tallest = 0;
    // After layout, where its height costs nothing to read.
    this.observer = new ResizeObserver(() => this.#keepHeight());
    /** Where what must stay in sight with the ledger is put. */
    this.dock = h("div", { class: "ks-dock" });
    this.feeds = h("p", { class: "ks-ledger-feeds" });
    this.trail = new Trail({ ledger: () => this.element, level: (place, level) => this.#level(place, level), closed: () => this.#forget() });
    this.element = h("section", { class: "ks-ledger", "aria-label": "Where this number comes from" }, this.dock, this.head, this.body, this.trail.element, this.feeds);
    this.short = new ShortLedger(this.element, {
      opened: () => leaveOutCrowded(this.body),
      folded: () => this.trail.close(),
      onward: () => this.feeds.scrollIntoView({ block: "nearest" }),
    });
    this.observer.observe(this.element);
    this.room = new LedgerRoom(this.element);
    this.room.watch(this.element, this.body, this.trail.element, this.feeds);
  }

  leave() {
    this.observer.disconnect();
    this.room.leave();
  }

  /**
   * @param {Model} model
   * @param {Explanation} explanation
   * @param {{pinned: boolean, dark: boolean, shown?: number, of?: string, parts?: number | null, verdict?: string, further?: Node | null, onward?: (view: string) => boolean, scaleAt?: (stage: number, index: number[]) => import("./scale.js").Scale | null}} how `shown`: the channel
   *   whose maps are looked at; `of`: what the number is a gradient of, "" where it is a value; `parts`: into how many
   *   parts of one all numbers of the sum are counted, where they are written as fractions; `verdict`: what is to be said
   *   of a prediction of the number, `further`: what leads to the next one; `onward`: whether what it feeds of a view may be told; `scaleAt`: what
   *   the map of a cell is coloured by
   */
  draw(model, explanation, { pinned, dark, shown = 0, of = "", parts = null, verdict = "", further = null, onward = () => true, scaleAt = () => null }) {
    this.shown = shown;
    this.scaleAt = scaleAt;
    if (of !== this.of) this.#forget(); // gradients have other sums than values
    this.of = of;
    const { stage, index, rule, value } = explanation;
    const focused = this.#focused(explanation);
    const name = explanation.name ?? (explanation.param ? weightName(model, explanation) : nameOf(model, stage, index));
    const exact = rule === "sum" && parts && addsUp([...explanation.terms.map((term) => term.product), explanation.bias], value, parts);
    /** How a number of the sum is written: with so many decimals, or as the fraction it is. @type {(x: number, places: number) => string} */
    this.write = exact ? inParts(parts) : fixed;
    /** How a factor is written. @type {(x: number) => string} */
    this.factor = exact ? inParts(parts) : (x) => short(x, 4);
    this.parts = exact ? parts : null;
    const { digits, dust: left = 0, averages } = model.byNumber.get(stage);
    const averaged = averages && !of;
    const dust = of ? 0 : left;
    const sum = rule === "sum" ? shownSum(this.#counted(model, explanation), undefined, this.parts, of ? 0 : digits, dust) : null;
    // A factor with the digits of its product, so that the two can be compared.
    if (sum && digits && !exact) this.factor = (x) => short(x, Math.max(4, sum.places + 1 + Math.max(0, Math.floor(Math.log10(Math.abs(x) || 1)))));
    this.planes = sum && !of ? planesOf(model, explanation, this.parts) : null;
    if (this.planes) sum.places = this.planes.whole.places;
    const value_text = sum && !averaged ? this.write(value, sum.places) : value === null ? "—" : rule === "weight" && parts ? inParts(parts)(value) : brief(value, 6, dust);
    this.headline.begin(model, explanation, of ? `∂ ${of} / ∂ ${name}` : name);
    this.head.append(
      h("span", { class: "ks-equals", text: "=" }),
      h("strong", { class: "ks-ledger-value", text: value_text }),
      verdict ? h("span", { class: "ks-verdict", text: verdict }) : "",
      further ?? "",
      // What wraps on a narrow page wraps together.
      h("span", { class: "ks-ledger-end" }, h("span", { class: "ks-ledger-state", text: pinned ? "pinned" : rule === "weight" ? "looked at" : "under the pointer" }), this.short.details, this.short.feeds, this.short.rest),
    );
    this.looked = { model, dark, explanation };
    this.trail.look(model, explanation, of !== "" || rule === "weight");
    if (sum) this.body.replaceChildren(...this.#sum(model, explanation, sum, dark));
    else if (rule === "function") this.body.replaceChildren(this.#function(model, explanation));
    else if (explanation.fed) {
      const note = explanation.note ? [h("p", { class: "ks-ledger-note", text: explanation.note })] : [];
      this.body.replaceChildren(h("div", { class: "ks-ledger-sum" }, ...note, ...this.#fed(model, explanation.fed, dark, parts)));
    }
    else this.body.replaceChildren(h("p", { class: "ks-ledger-note", text: explanation.note ?? model.byNumber.get(stage).note ?? "" }));
    this.trail.draw();
    focused?.();
    this.feeds.replaceChildren(...(explanation.param || explanation.fed ? [] : this.#feeds(model, stage, index, of ? { equals: BESIDE_GRADIENTS } : { written: value_text }, onward)));
    this.short.describe(this.#details(model, explanation, sum), this.feeds.hasChildNodes());
    if (this.planes) leaveOutCrowded(this.body);
    this.room.holds(`${of ? "gradient" : "value"} ${stage} ${explanation.param ?? ""} ${rule} ${this.trail.element.childElementCount}`, pinned);
  }

  /**
   * What the ledger holds beside the sum itself, as the button says that unfolds it; "" where it holds no more.
   * @param {Model} model @param {Explanation} explanation @param {ReturnType<typeof shownSum> | null} sum
   */
  #details(model, { rule, stage, fed }, sum) {
    const { reduce, averages } = model.byNumber.get(stage);
    if (fed) return fed.length ? "what it feeds" : "";
    if (reduce === "norm") return "squares";
    if (rule !== "sum") return "";
    if (reduce === "max" || averages) return "cells";
    return sum.rows.length ? "products" : "";
  }

  /**
   * Ask for a number instead of telling it.
   * @param {string} name of the cell
   * @param {{beside: Node, below: Node}} question `beside`: in the number's place, `below`: in its sum's
   */
  ask(name, { beside, below }) {
    this.headline.forget();
    // Whoever is typing the answer keeps the field.
    if (beside.parentNode === this.head) setText(this.head.firstElementChild, name);
    else this.head.replaceChildren(h("h2", { text: name }), h("span", { class: "ks-equals", text: "=" }), beside);
    if (below.parentNode !== this.body) this.body.replaceChildren(below);
    this.trail.element.replaceChildren();
    this.feeds.replaceChildren();
    this.room.holds("question", true);
  }

  /**
   * Whoever walks over the terms of a cell, or stands on a word that tells what it means, stays where they are though its
   * numbers are written anew.
   * @param {Explanation} explanation
   * @returns {(() => void) | null} what puts the focus back
   */
  #focused(explanation) {
    const item = /** @type {HTMLElement | null} */ (document.activeElement)?.closest(".ks-term, .ks-meant");
    if (!item || !this.element.contains(item) || keyOf(this.looked.explanation) !== keyOf(explanation)) return null;
    const kind = item.matches(".ks-term") ? ".ks-term" : ".ks-meant";
    const all = () => /** @type {HTMLElement[]} */ ([...this.element.querySelectorAll(kind)]);
    const place = all().indexOf(/** @type {HTMLElement} */ (item));
    return () => {
      const again = all()[place];
      if (!again) return;
      if (kind === ".ks-term") again.tabIndex = 0;
      again.focus({ preventScroll: true });
    };
  }

  /** What a cell further down was made of. @param {Place} place @param {number} level */
  #level(place, level) {
    const { model, dark } = this.looked;
    const explanation = model.explain(place.stage, place.index);
    const name = nameOf(model, place.stage, place.index);
    const stage = model.byNumber.get(place.stage);
    if (explanation.rule !== "sum") return h("section", { "aria-label": name }, h("h3", { text: `${name} = ${brief(explanation.value, 6, stage.dust)}` }), this.#function(model, explanation, level));
    const sum = shownSum(this.#counted(model, explanation), undefined, null, 0, stage.dust);
    const { write, factor, parts } = this;
    // What is further down is no sum of the same parts of one: it is written in decimals.
    Object.assign(this, { write: fixed, parts: null, factor: (/** @type {number} */ x) => short(x, 4) });
    const terms = this.#terms(model, stage, sum, dark, level);
    const sentence = this.#sentence(model, stage, explanation, sum);
    Object.assign(this, { write, factor, parts });
    return h(
      "section",
      { "aria-label": name },
      h("h3", { text: `${name} = ${stage.averages ? brief(explanation.value, 6, stage.dust) : fixed(explanation.value, sum.places)}` }),
      this.#written(model, stage, explanation, sum.places),
      lineOf(sentence),
      terms,
    );
  }

  /**
   * The cells that an input cell has a part in, each with the weight it meets there.
   * @param {Model} model
   * @param {Term[]} fed
   * @param {boolean} dark
   * @param {number | null} parts
   */
  #fed(model, fed, dark, parts) {
    const factor = parts ? inParts(parts) : (/** @type {number} */ x) => short(x, 4);
    if (!fed.length) return [];
    const list = h("ol", { class: "ks-terms", "aria-label": "What it feeds; the arrow keys walk over them" });
    list.addEventListener("keydown", (event) => walk(event, list));
    const { extent } = model.byNumber.get(fed[0].stage).link;
    const places = placesFor(fed.map((term) => term.product));
    for (const term of fed) {
      const [row, column] = [Math.floor(term.key / extent[1]), term.key % extent[1]];
      const item = h(
        "li",
        { class: "ks-term" },
        h("span", { class: "ks-term-factors", text: `feeds ${nameOf(model, term.stage, term.index)} by weight [${row}, ${column}], which is ${factor(term.weight)}` }),
        h("span", { class: "ks-term-product", text: `${factor(term.value)} × ${operand(factor(term.weight))} = ${parts ? factor(term.product) : fixed(term.product, places)}` }),
      );
      item.style.setProperty("--ks-hue", positionHue(term.key, dark));
      for (const [on, off] of [["pointerenter", "pointerleave"], ["focus", "blur"]]) {
        item.addEventListener(on, () => this.on.term(term));
        item.addEventListener(off, () => this.on.term(null));
      }
      list.append(item);
    }
    list.firstElementChild.setAttribute("tabindex", "0");
    return [list];
  }

  /**
   * A pooling's sum without the cells of its window that count for nothing: they are told in a line of their own. Of a mean,
   * the sum that is divided at its end: shares of so many numbers would all be rounded.
   * @param {Model} model
   * @param {Explanation} explanation
   */
  #counted(model, explanation) {
    if (explanation.param) return withoutZeros(explanation);
    const { averages } = model.byNumber.get(explanation.stage);
    if (averages && !this.of) {
      const rest = explanation.rest && { ...explanation.rest, product: explanation.rest.product * averages };
      const terms = explanation.terms.map((term) => ({ ...term, weight: 1, product: term.value, alone: placeOf(model, term) }));
      return { ...explanation, terms, rest, value: fsum([...terms.map((term) => term.value), rest?.product ?? 0]) };
    }
    const { padding, past } = this.of ? { padding: [], past: [] } : model.uncounted(explanation);
    const [out, none] = [new Set([...padding, ...past]), (/** @type {Term[]} */ cells, /** @type {string} */ where) => (cells.length ? [`${cells.length} ${where}: not counted`] : [])];
    return { ...explanation, terms: explanation.terms.filter((term) => !out.has(term)), out, left: [...none(padding, "of padding"), ...none(past, "past the edge")] };
  }

  /** Begin anew with the room the ledger takes, as another input or kernel has other sums. */
  relax() {
    this.#forget();
    this.room.relax();
  }

  /** As high as it is until it is let go: a line more would move what is drawn on below it. */
  hold() {
    if (this.element.style.height) return;
    this.element.style.height = `${this.element.getBoundingClientRect().height}px`;
    this.element.classList.add("ks-held");
  }

  letGo() {
    this.element.style.height = "";
    this.element.classList.remove("ks-held");
  }

  #forget() {
    this.tallest = 0;
    this.element.style.minHeight = "";
  }

  /** A ledger that shrank at the foot of a page would pull the page away from under the pointer that it speaks of. */
  #keepHeight() {
    if (this.element.closest(".ks-docked")) {
      this.#forget();
      return;
    }
    this.tallest = Math.max(this.tallest, this.element.offsetHeight);
    this.element.style.minHeight = `${this.tallest}px`;
  }

  /** @param {Model} model @param {Explanation} explanation @param {ReturnType<typeof shownSum>} sum @param {boolean} dark */
  #sum(model, explanation, sum, dark) {
    const stage = model.byNumber.get(explanation.stage);
    if (this.planes) return this.#planes(model, explanation, this.planes, dark);
    if (this.of) return [this.#gradient(model, explanation, sum, dark)];
    const parts = [];
    if (goesUnder(stage)) parts.push(this.#lens(explanation.terms, stage, sum, dark));
    // The whole first: what it is made of may reach beyond the screen.
    parts.push(h("div", { class: "ks-ledger-sum" }, this.#written(model, stage, explanation, sum.places), lineOf(this.#sentence(model, stage, explanation, sum)), this.#terms(model, stage, sum, dark)));
    return parts;
  }

  /**
   * A gradient's sum: what each cell that reads the number passes back, times how much it changes with it.
   * @param {Model} model @param {Explanation} explanation @param {ReturnType<typeof shownSum>} sum @param {boolean} dark
   */
  #gradient(model, explanation, sum, dark) {
    const plain = { link: { kind: "gradient" }, reduce: null, bias: null };
    const meant = explanation.param
      ? `The gradient at each cell that the ${explanation.param} helped to make${explanation.param === "bias" ? "." : " × the number it met there: “maps: values” shows that on the input."}`
      : "The gradient at each cell that reads this number × how much that cell grows with it.";
    return h(
      "div",
      { class: "ks-ledger-sum" },
      lineOf(this.#sentence(model, /** @type {any} */ (plain), explanation, sum)),
      this.#terms(model, /** @type {any} */ (plain), sum, dark),
      h("p", { class: "ks-ledger-note", text: meant }),
    );
  }

  /** @param {Model} model @param {import("./model.js").Stage} stage @param {ReturnType<typeof shownSum>} sum @param {boolean} dark */
  #terms(model, stage, sum, dark, level = 0) {
    const list = h("ol", { class: "ks-terms", "aria-label": "Terms; the arrow keys walk over them" });
    list.addEventListener("keydown", (event) => walk(event, list));
    // A kernel position has a hue of its own; an input of a fully connected layer has none.
    const hue = (/** @type {Term} */ term) => (["window", "spread"].includes(stage.link.kind) ? positionHue(term.key, dark) : "");
    const largest = stage.reduce === "max" ? (sum.rows.find(({ term }) => term.weight)?.term.value ?? NaN) : null;
    for (const { term, shown } of sum.rows) list.append(this.#term(model, term, shown, sum.places, hue(term), largest, level));
    if (sum.rest.count) {
      list.append(this.#plain(`${sum.rest.count.toLocaleString("en")} more terms`, sum.rest.shown, sum.places));
    }
    const [rows, columns] = stage.link.kind === "window" ? stage.link.extent : [0, 0];
    if (sum.rows.length === rows * columns && columns <= ROW) {
      list.classList.add("ks-in-rows"); // on a phone; elsewhere a glass shows the kernel's own shape
      list.style.setProperty("--ks-columns", String(columns));
    }
    for (const text of sum.left) list.append(h("li", { class: "ks-term ks-plain ks-idle" }, h("span", { class: "ks-term-factors", text })));
    if (stage.bias && sum.withBias) list.append(this.#plain(stage.bias_name ?? "bias", sum.bias, sum.places));
    // One stop of the Tab key for the whole list.
    list.firstElementChild?.setAttribute("tabindex", "0");
    if (sum.remainder !== 0) {
      const word = meant(REMAINDER, REMAINS, { stop: false });
      const item = this.#plain(word, sum.remainder, sum.places);
      entersTo(item, word[0]);
      list.append(item);
    }
    return list;
  }

  /**
   * A sum over several channels: each one's own sum first, then the sum of these and the bias.
   * @param {Model} model
   * @param {Explanation} explanation
   * @param {ReturnType<typeof planesOf>} planes
   * @param {boolean} dark
   */
  #planes(model, explanation, { planes, names, sums, whole }, dark) {
    const stage = model.byNumber.get(explanation.stage);
    const blocks = planes.map((terms, c) => {
      // As many digits as the whole sum shows, so that what stands here is what is added below.
      const own = { ...shownSum({ ...explanation, terms, bias: 0, value: sums[c] }, whole.places, this.parts), withBias: false };
      const block = h("section", { class: "ks-ledger-plane", "aria-label": names[c] }, h("h3", { text: `${names[c]} = ${this.write(whole.products[c], whole.places)}` }));
      if (goesUnder(stage)) block.append(this.#lens(terms, stage, own, dark));
      else block.append(this.#terms(model, stage, own, dark));
      block.append(lineOf(inWords(own, "", this.write), "ks-ledger-note"));
      return block;
    });
    const total = lineOf(inWords(whole, stage.bias === null ? "" : "bias", this.write));
    return [h("div", { class: "ks-ledger-sum" }, total), h("div", { class: "ks-ledger-planes" }, ...blocks)];
  }

  /** @param {Model} model @param {Term} term @param {number} shown @param {number} places @param {string} hue @param {number | null} largest of its window, where that alone counts @param {number} level */
  #term(model, term, shown, places, hue, largest, level) {
    const where = sourceName(model, term);
    const behind = this.trail.behind(term);
    const opener = behind && this.trail.opener(behind, level);
    if (opener) opener.tabIndex = -1; // the list is one stop of the Tab key: Enter opens the term it stands on
    const item = h(
      "li",
      { class: term.weight === 0 ? "ks-term ks-idle" : "ks-term", title: where },
      h("span", { class: "ks-term-factors", text: largest !== null ? `${term.index === null ? "padding" : this.#value(term)(term.value)} ${inContest(term, largest)}` : term.alone ?? `${term.label ?? ""}${this.#factors(term, shown, places)}` }),
      h("span", { class: "ks-term-product", text: this.write(shown, places) }),
      opener,
    );
    if (opener) opensBy(item, opener);
    if (hue) item.style.setProperty("--ks-hue", hue);
    item.addEventListener("pointerenter", () => this.on.term(term));
    item.addEventListener("pointerleave", () => this.on.term(null));
    item.addEventListener("focus", () => this.on.term(term));
    item.addEventListener("blur", () => this.on.term(null));
    return item;
  }

  /** What a product is made of. @param {Term} term @param {number} shown @param {number} places */
  #factors(term, shown, places) {
    return madeOf(term, shown, places, { value: this.#value(term), weight: this.factor }, !this.parts);
  }

  /** How a term's value is written; a weight is what it is, however small. @param {Term} term @returns {(x: number) => string} */
  #value(term) {
    const dust = this.parts ? 0 : this.#dust(term);
    return dust ? (x) => brief(x, 4, dust) : this.factor;
  }

  /** Up to which size a term's value may be all that rounding left of a 0, where it was computed. @param {Term | undefined} term */
  #dust(term) {
    return (term && !this.of && this.looked.model.byNumber.get(term.stage)?.dust) || 0;
  }

  /** A window, the weights it meets and the products. @param {Term[]} terms @param {import("./model.js").Stage} stage @param {ReturnType<typeof shownSum>} sum @param {boolean} dark */
  #lens(terms, stage, sum, dark) {
    const inside = terms.find((term) => term.index);
    return lensOf(stage, terms, sum, {
      dark,
      fraction: this.parts ? inParts(this.parts) : null,
      scale: inside ? this.scaleAt(inside.stage, inside.index) : null,
      dust: this.#dust(inside),
      on: this.on.term,
    });
  }

  /**
   * A sum in one line; of a single term, the product.
   * @param {Model} model @param {import("./model.js").Stage} stage @param {Explanation} explanation @param {ReturnType<typeof shownSum>} sum
   */
  #sentence(model, stage, explanation, sum) {
    if (stage.reduce === "max") return largestInWords(explanation, sum.places);
    // Flattening computes nothing: it says where the number stood.
    if (stage.link.kind === "reshape") return `${sourceName(model, explanation.terms[0])} = ${fixed(sum.value, sum.places)}`;
    if (stage.averages && !this.of) {
      const result = brief(explanation.value, 6, stage.dust);
      return `${inWords(sum, "", this.write)}, and ${this.write(sum.value, sum.places)} / ${stage.averages} ${equals(result, explanation.value)} ${result}`;
    }
    const [row, another] = sum.rows;
    if (!row || another || sum.rest.count || sum.remainder || stage.bias) return inWords(sum, stage.bias === null ? "" : stage.bias_name ?? "bias", this.write);
    return `${this.#factors(row.term, row.shown, sum.places)} = ${this.write(sum.value, sum.places)}`;
  }

  /**
   * A sum as the formula that it is known by, with the numbers in; nothing where there is none.
   * @param {Model} model @param {import("./model.js").Stage} stage @param {Explanation} explanation @param {number} places of its result
   */
  #written(model, stage, { index, value }, places) {
    if (!stage.written || this.of) return "";
    const result = this.write(value, places);
    const x = short(model.value(stage.written.of, index), stage.written.digits[index[1]]);
    return h("p", { class: "ks-sum ks-written", text: `${stage.written.texts[index[1]].replace("{x}", x)} ${equals(result, value)} ${result}` });
  }

  /** @param {string | Node[]} label @param {number} value @param {number} places */
  #plain(label, value, places) {
    return h(
      "li",
      { class: "ks-term ks-plain" },
      h("span", { class: "ks-term-factors" }, ...[label].flat()),
      h("span", { class: "ks-term-product", text: this.write(value, places) }),
    );
  }

  /** @param {Model} model @param {Explanation} explanation @param {number} [level] */
  #function(model, explanation, level = 0) {
    if (model.byNumber.get(explanation.stage).reduce === "norm") return this.#norm(model, explanation, level);
    const { terms, value, index } = explanation;
    const own = terms.find((term) => term.index?.every((at, axis) => at === index[axis])) ?? terms[0];
    const stage = model.byNumber.get(explanation.stage);
    const { dust } = stage;
    const result = brief(value, 6, dust);
    const digits = enough(stage, terms.map((term) => term.value), terms.indexOf(own), (x) => brief(x, 6, dust) === result);
    const numbers = terms.map((term) => short(term.value, digits));
    // What only passes is written the same on both sides.
    const given = value === own.value ? result : brief(own.value, digits, dust);
    const cases = [explanation.formula ?? ""].flat();
    const formula = (own.value > 0 ? cases[0] : cases[cases.length - 1])
      // In brackets where its sign would stand beside another one.
      .replaceAll("{(x)}", operand(given))
      .replaceAll("{x}", given)
      .replaceAll("{parameter}", short(stage.parameter ?? 0, MOST_OF_INPUT))
      .replaceAll("= {y}", `${value === own.value ? "=" : equals(result, value)} ${result}`)
      .replaceAll("{all}", numbers.map((x) => `e^${x}`).join(" + "));
    // Each of them can be asked, and not that alone which stands where the result does.
    const openers = terms.flatMap((term) => {
      const behind = this.trail.behind(term);
      return behind ? [" ", this.trail.opener(behind, level, sourceName(model, term))] : [];
    });
    const one = terms.length === 1;
    const source = one ? sourceName(model, own) : `all ${terms.length} ${model.made(own.stage, own.index).stage.plural}`;
    const words = !openers.length ? ` ${source}` : one ? "" : ` ${source}:`;
    const from = h("p", { class: "ks-ledger-note", text: `from${words}` }, ...openers);
    return h("div", { class: "ks-ledger-function" }, h("p", { class: "ks-sum" }, ...raised(formula)), from);
  }

  /**
   * The root of a sum of squares: the sum first, whose digits add up, then its root.
   * @param {Model} model @param {Explanation} explanation @param {number} level
   */
  #norm(model, explanation, level) {
    const stage = model.byNumber.get(explanation.stage);
    const { dark } = this.looked;
    const squares = explanation.terms.map((term) => ({ ...term, weight: term.value, product: term.value * term.value }));
    const squared = { ...explanation, terms: squares, bias: 0, value: fsum(squares.map(({ product }) => product)) };
    const sum = shownSum(squared);
    const result = short(explanation.value, 6);
    const [cells, counted] = [stage.link.extent[0] * stage.link.extent[1], model.counted(stage, explanation.index)];
    // A window that overhangs is scaled up to the cells it would hold.
    const under = `${this.write(squared.value, sum.places)}${counted === cells ? "" : ` × ${cells}/${counted}`}`;
    const root = `√${counted === cells ? under : `(${under})`} ${equals(result, explanation.value)} ${result}`;
    const written = h("div", { class: "ks-ledger-sum" }, this.#terms(model, stage, sum, dark, level), lineOf(`${inWords(sum, "", this.write)}, and ${root}`));
    if (counted !== cells) written.append(h("p", { class: "ks-ledger-note", text: `× ${cells}/${counted}: PyTorch multiplies the sum by the cells of the window over those counted, as the others lie past the edge.` }));
    const lens = level === 0 && goesUnder(stage) && counted === cells ? this.#lens(squares, stage, sum, dark) : null;
    return h("div", { class: "ks-ledger-body" }, lens, written);
  }

  /** @param {Model} model @param {number} stage @param {number[]} index @param {{written?: string, equals?: string}} how the cell's own number is written, and what stands before others @param {(view: string) => boolean} onward */
  #feeds(model, stage, index, { written, equals: before }, onward) {
    const steps = feeds(model, stage, index, this.shown, written, before).filter(({ view }) => onward(view ?? ""));
    const parts = steps.map(({ text, stage: number, cell }) =>
      cell ? h("button", { type: "button", class: "ks-link", text, onclick: () => this.on.pick(number, cell) }) : h("span", { text }),
    );
    return parts.length ? ["feeds → ", ...parts.flatMap((part, k) => [k === 0 ? "" : steps[k].beside ? "; " : " → ", part])] : [];
  }
}

/**
 * With how many digits to write what goes into a function: as few as still give the result as it is shown.
 * @param {import("./model.js").Stage} stage
 * @param {number[]} numbers that go in
 * @param {number} own which of them stands where the result does
 * @param {(x: number) => boolean} same whether a result is written as the one shown
 */
function enough(stage, numbers, own, same) {
  for (let digits = LEAST_OF_INPUT; digits <= EVERY_DIGIT; digits += 1) {
    const values = Float64Array.from(numbers, (x) => read(short(x, digits)) ?? NaN);
    const shape = [1, numbers.length];
    const made = preview(stage.preview, { input: { shape, values }, weight: null, bias: null, shape, link: { kind: "same" }, parameter: stage.parameter });
    if (!made) break; // a function that is not known here
    if (same(made.values[own])) return digits;
  }
  return MOST_OF_INPUT;
}

/** A sum in one line, in which the remainder can be asked what it is. @param {string} text @param {string} [look] */
function lineOf(text, look = "ks-sum") {
  const [sum, ...after] = text.split(REMAINDER);
  return h("p", { class: look }, sum, ...after.flatMap((rest) => [...meant(REMAINDER, REMAINS), rest]));
}

/**
 * A weight's gradient without the places where nothing comes of it, which are told in a line of their own: of a pooled map
 * most cells pass nothing back. Of few places each is told.
 * @param {Explanation} explanation
 */
function withoutZeros(explanation) {
  const terms = explanation.terms.filter(({ product }) => product !== 0);
  const zeros = explanation.terms.length - terms.length;
  return terms.length && zeros && explanation.terms.length > FEW ? { ...explanation, terms, left: [`${zeros} more ${zeros === 1 ? "is" : "are"} 0`] } : explanation;
}

/** What a weight is called: "weight [0, 2]", "bias". @param {Model} model @param {Explanation} explanation */
function weightName(model, { param, index }) {
  if (index.length < 4) return param === "bias" ? "bias" : `weight [${index.join(", ")}]`;
  const { planes } = model.byNumber.get(-1);
  return `weight${planes ? ` ${planes[index[1]]}` : ""} [${index.slice(2).join(", ")}]`;
}

/** Where a term's number stands on its maps: "[0, 1]", "image 1, [0, 1]". @param {Model} model @param {Term} term */
function placeOf(model, { stage, index }) {
  const { images } = model.byNumber.get(stage);
  return `${images ? `${images[index[0]]} ` : ""}[${index.slice(2).join(", ")}]`;
}

/** What becomes of a cell in a window of which the largest counts. @param {Term} term @param {number} largest */
function inContest({ weight, index, value }, largest) {
  if (weight) return "wins";
  return index !== null && value === largest ? "ties: the first wins" : "loses";
}
