/**
 * The strip of stages: which columns stand side by side, how large they are, and what is drawn and outlined on them.
 * @module
 */

import { placeColumns } from "../common/column.js";
import { h } from "../common/dom.js";
import { standAbreast } from "../common/layout.js";
import { unmade, veil } from "../common/veil.js";
import { drawKernel, drawStages } from "./drawing.js";
import { layOut } from "./layout.js";
import { marksOf, winnerOf } from "./marks.js";

/** @typedef {import("../common/column.js").Column} Column */
/**
 * @typedef {import("../common/board.js").Board & {
 *   shown: import("./shown.js").Shown,
 *   look: import("../common/look.js").Look,
 *   tail: import("./tail.js").Tail,
 *   closeUp: import("./close_up.js").CloseUp,
 *   gradients: import("./gradients.js").Gradients,
 *   weight: import("./weight_pointer.js").WeightPointer,
 *   predict: import("./predict.js").Predict,
 *   hand: import("./hand.js").Hand,
 *   lesson: import("./lesson.js").LessonPanel,
 * }} Page
 */

export class Strip {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.element = h("div", { class: "ks-strip" });
    /** What the columns had to hold when they were laid out last. */
    this.laidOut = "";
  }

  get width() {
    return this.element.clientWidth;
  }

  /** Have the columns stand side by side that are on screen now. */
  place() {
    const { columns, header, tail, hand } = this.page;
    placeColumns(columns, this.page.sideBySide(), this.element, hand.columns());
    tail.place(this.element, columns.get("flat"), !!header.lesson);
    const kernel = columns.get("kernel");
    if (kernel) kernel.view.locked = header.locked.weights ?? "";
  }

  /** The weights' gradient lies below the kernel, and its scale: on a narrow page within the part that holds it. @param {boolean} stacked */
  #placeGradient(stacked) {
    const kernel = this.page.columns.get("kernel");
    if (!kernel) return;
    const { element } = this.page.gradients.ofWeights;
    const before = stacked ? kernel.planes.element : kernel.legend.element;
    if (before.nextElementSibling !== element) before.after(element);
  }

  /** Lay the columns out where one has to hold another size: asking for widths has the browser lay the page out at once. @param {boolean} anyway */
  fit(anyway) {
    const sizes = JSON.stringify(this.#sizes());
    if (sizes !== this.laidOut || anyway) this.page.layout(false);
    this.laidOut = sizes;
  }

  /** All that decides how wide and tall each column is, the page aside. */
  #sizes() {
    const { model, header, channel } = this.page;
    const all = this.page.sideBySide();
    const columns = all.map(({ view, kind }) => {
      const stage = model.ofView(view);
      return { view, kind, shape: stage && model.values.get(stage.stage).shape, ring: stage?.ring, field: stage?.field };
    });
    if (all !== header.columns) columns.push({ view: "tail", kind: "tail" }); // it is folded
    return { columns, overhang: model.overhang, kernel: channel.arrays.get(header.kernel.array).shape };
  }

  /** Give the columns their sizes, and the page what follows from them. */
  lay() {
    const { columns, model, dock, root, lesson, closeUp } = this.page;
    columns.get("input").view.overhang = model.overhang;
    const { stacked, beside, tight, looked } = layOut(this.width, this.#sizes(), columns);
    dock.hold(lesson.crowded);
    dock.stack(stacked);
    this.#placeGradient(stacked);
    standAbreast(root, beside);
    root.classList.toggle("ks-tight", tight);
    closeUp.take(looked);
  }

  /** @param {"preview" | "cnn_core"} source @returns {string[]} the views that were drawn */
  draw(source) {
    const { page } = this;
    const { columns, gradients, shown, predict } = page;
    const coarse = source === "preview";
    // Gradients are cnn_core's alone: under the hand those of before stay until it has answered.
    const late = gradients.shown && coarse && !gradients.fresh;
    gradients.fresh = false;
    page.late(page.ledger.body, gradients.shown && coarse);
    for (const [view, column] of columns) if (view !== "kernel") page.late(column.body, late);
    const cover = (/** @type {import("../common/model.js").Stage} */ stage) => predict.cover(stage, shown.channelOf(stage));
    const drawn = late ? [] : drawStages(columns, page.model, { shown, look: page.look, dark: page.dark, coarse, of: gradients.shown ? page.of : null, loss: gradients.backward.loss, cover });
    const kernel = columns.get("kernel");
    if (kernel) drawn.push("kernel", ...this.#drawKernel(kernel));
    return drawn;
  }

  /** @param {Column} column @returns {string[]} what was drawn below its weights */
  #drawKernel(column) {
    const { page } = this;
    const { kernel } = page.header;
    const { arrays } = page.channel;
    const { ofWeights } = page.gradients;
    const bank = page.model.weights.get(kernel.stage) ?? arrays.get(kernel.array);
    const stage = page.model.byNumber.get(kernel.stage);
    // Without its stage (it does not fit the input) the kernel under the hand is held by the edit alone.
    const painted = page.edits.weights && !stage ? page.edits.weights.values : null;
    drawKernel(column, kernel, bank, painted, page);
    const gradient = stage?.weight_gradient ? { weight: arrays.get(stage.weight_gradient), bias: arrays.get(stage.bias_gradient) } : null;
    // Before it is on screen, where it is about to be: other widths and sizes have other places to hold.
    if (gradient) ofWeights.hold(column, `${this.width} ${this.laidOut}`);
    else page.standing = null;
    return ofWeights.draw(gradient, page.shown.output, kernel.planes, page.dark);
  }

  /** Outline what is looked at, what it is made of and what it is made into. */
  mark() {
    const { model, place, pin, hover, shown, dark, columns, term, weight, gradients, slide, closeUp } = this.page;
    closeUp.zoom.lean();
    const cell = place?.param ? null : place;
    const winner = gradients.shown ? null : winnerOf(model, place);
    const marks = marksOf({ model, shown, dark }, { cell, pinned: hover ? pin : null, winner, term: term ?? weight.met() });
    const { reached } = slide;
    for (const [stage, own] of marks) {
      const column = columns.get(stage.view);
      column?.view.drawMarks(own, reached ? veil(model, stage.stage, reached) : null);
      column?.body.classList.toggle("ks-unmade", unmade(model, stage.stage, reached));
    }
    columns.get("kernel")?.view.mark(weight.shown);
  }
}
