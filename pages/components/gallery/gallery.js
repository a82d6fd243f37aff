/**
 * Cards, one a kernel: its weights, its sentence and its feature map; a cell hovered on one is marked on all.
 * @module
 */

import * as announce from "../common/announce.js";
import { Channel } from "../common/channel.js";
import { Dialog } from "../common/dialog.js";
import { h, oncePerFrame, setText } from "../common/dom.js";
import { short } from "../common/format.js";
import { Grid } from "../common/grid.js";
import { keep, takeUp } from "../common/keep.js";
import { leadsTo } from "../common/keys.js";
import { kernelPicture } from "../common/kernel_picture.js";
import { Ledger } from "../common/ledger.js";
import { Legend } from "../common/legend.js";
import { Model } from "../common/model.js";
import { nameOf } from "../common/names.js";
import { Notice } from "../common/notice.js";
import { relativesOf } from "../common/relatives.js";
import { isDark, scaleFor } from "../common/scale.js";
import { rowsOf, tableOf } from "../common/table.js";
import { boxesOf } from "../common/windows.js";

const MAP = 208; // px: a card's map fits a square of this side
const LARGEST_CELL = 44; // px

export class Gallery {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.channel = new Channel();
    /** @type {Map<string, any>} */
    this.cards = new Map();
    /** The cards as Python described them. @type {Set<any>} */
    this.built = new Set();
    this.shared = false;
    this.dark = false;
    /** @type {{stage: number, index: number[]} | null} */
    this.place = null;
    /** What each stage's map is coloured by. @type {Map<number, import("../common/scale.js").Scale>} */
    this.scales = new Map();
    this.scaleBox = h("input", { type: "checkbox" });
    this.scaleBox.addEventListener("change", () => {
      this.shared = this.scaleBox.checked;
      this.#draw();
    });
    this.notice = new Notice();
    this.live = h("p", { class: "ks-unseen", "aria-live": "polite" });
    this.dialog = new Dialog();
    this.problem = h("p", { class: "ks-problem", role: "status" });
    this.grid = h("div", { class: "ks-cards" });
    this.ledger = new Ledger({ pick: () => {}, term: () => {} });
    this.root = h(
      "div",
      { class: "ks ks-gallery" },
      this.notice.element,
      h("label", { class: "ks-shared-scale" }, this.scaleBox, " one colour scale for all maps"),
      this.problem,
      this.grid,
      this.ledger.element,
      this.live,
      this.dialog.element,
    );
    parent.append(this.root);
    this.remark = oncePerFrame(() => this.#mark());
  }

  leave() {
    this.ledger.leave();
    this.root.remove();
  }

  /** @param {Uint8Array} data @param {(name: string, value: any) => void} setStateValue */
  receive(data, setStateValue) {
    this.channel.setStateValue = setStateValue;
    const dark = isDark(this.root);
    const flipped = dark !== this.dark;
    this.dark = dark;
    if (data !== this.lastData) {
      this.lastData = data;
      const header = this.channel.receive(data);
      if (!header) return;
      const resuming = !this.header && takeUp(header, this.channel);
      this.header = header;
      // Of a session that is about to be taken up again only its own words count, and it stays the one to be found.
      if (!resuming) {
        keep(header.link, header.session);
        this.notice.arrived(header);
      }
      this.channel.shows(header);
      this.model = new Model(header.stages, this.channel.arrays);
      const size = String(this.model.values.get(-1).shape);
      if (size !== this.size) this.place = null; // another input has another middle
      this.size = size;
      setText(this.problem, header.problem ?? "");
      this.problem.hidden = !header.problem;
      this.ledger.element.hidden = !!header.problem;
      this.#build();
    }
    if (flipped) for (const { repaint } of this.cards.values()) repaint();
    if (this.model) this.#draw();
  }

  #build() {
    const wanted = this.header.cards;
    // Answers that change no card leave every card, and the focus on it, where it is.
    const same = wanted.length === this.cards.size && wanted.every((/** @type {any} */ card) => this.built.has(card) && this.#fits(card));
    this.built = new Set(wanted);
    if (same) {
      for (const [view, card] of this.cards) card.stage = this.model.ofView(view);
      return;
    }
    this.cards = new Map(wanted.map((/** @type {any} */ card) => [card.view, this.#card(card)]));
    this.grid.replaceChildren(...[...this.cards.values()].map(({ element }) => element));
    const first = wanted.find((/** @type {any} */ card) => card.name);
    if (first) {
      const { stage } = this.model.ofView(first.view);
      const { shape } = this.model.values.get(stage);
      this.place ??= { stage, index: [0, 0, shape[2] >> 1, shape[3] >> 1] };
      if (!this.model.has(this.place.stage, this.place.index)) this.place = { stage, index: [0, 0, 0, 0] };
    }
  }

  /** @param {any} card */
  #card({ view, name, title, sentence, parts, weights, columns, counted, current }) {
    const stage = this.model.ofView(view);
    const [rows, across] = this.model.values.get(stage.stage).shape.slice(2);
    const look = (/** @type {any} */ cell) => {
      if (!cell) return;
      this.place = { stage: stage.stage, index: [0, 0, cell.row, cell.column] };
      this.remark();
      announce.cell(view, this.model.explain(this.place.stage, this.place.index), this.channel.revision);
    };
    const map = new Grid({ view, label: `${title}, a map of numbers`, on: { hover: look, pick: look, key: (event) => this.#walk(event, stage.stage) } });
    map.resize(rows, across, Math.min(LARGEST_CELL, MAP / Math.max(rows, across)));
    const value = h("output", { class: "ks-card-value" });
    const legend = new Legend();
    const picture = () => kernelPicture(weights, columns, this.dark, counted);
    let kernel = weights ? picture() : null;
    const repaint = () => {
      if (!kernel) return;
      const painted = picture();
      kernel.replaceWith(painted);
      kernel = painted;
    };
    const use = name
      ? h("button", {
          type: "button",
          class: "ks-button",
          text: current ? "In Explore now" : "Use in Explore",
          "aria-label": `${current ? "In Explore now" : "Use in Explore"}: ${title}`,
          onclick: () => this.channel.send({ op: "library", value: name, revision: this.channel.next() }),
        })
      : null;
    const table = h("button", { type: "button", class: "ks-button", text: "As a table", "aria-label": `As a table: ${title}`, onclick: () => this.#table(title, stage) });
    const element = h(
      "article",
      { class: current ? "ks-card ks-current" : "ks-card" },
      h("header", {}, h("h2", { text: title }), value),
      h("div", { class: "ks-card-body" }, map.element),
      legend.element,
      h("div", { class: "ks-card-words" }, kernel, h("div", {}, h("p", { text: sentence }), parts ? h("p", { class: "ks-parts", text: parts }) : null)),
      h("div", { class: "ks-card-actions" }, use, table),
    );
    return { element, map, value, legend, repaint, stage };
  }

  /** Whether a card's map has the size of its stage. @param {any} card */
  #fits({ view }) {
    const { map, stage } = this.cards.get(view);
    const now = this.model.ofView(view);
    const [rows, columns] = this.model.values.get(now.stage).shape.slice(2);
    return now.stage === stage.stage && map.rows === rows && map.columns === columns;
  }

  /** A card's map as a real table. @param {string} title @param {any} stage */
  #table(title, { stage }) {
    const { values, shape } = this.model.values.get(stage);
    const [row, column] = this.place?.index.slice(2) ?? [0, 0];
    const pinned = { row: Math.min(row, shape[2] - 1), column: Math.min(column, shape[3] - 1) };
    this.dialog.open(title, tableOf({ title, rows: rowsOf(values, 0, shape[2], shape[3]), names: null, pinned }));
  }

  #draw() {
    const { model, dark } = this;
    const all = [...this.cards.values()].filter(({ stage }) => stage.stage >= 0);
    const together = scaleFor("signed", all.map(({ stage }) => model.values.get(stage.stage).values));
    for (const { map, stage, legend } of this.cards.values()) {
      const { values } = model.values.get(stage.stage);
      const own = scaleFor(stage.scale.kind, [values], stage.scale.domain);
      const scale = this.shared && stage.stage >= 0 ? together : own;
      this.scales.set(stage.stage, scale);
      if (stage.stage < 0 && stage.planes) map.drawColour(values, dark, stage.luma);
      else map.draw(values, 0, scale, dark);
      legend.draw(scale, dark);
      announce.drawn({ view: stage.view, source: "cnn_core", revision: this.channel.revision });
    }
    this.#mark();
  }

  #mark() {
    const { model, place } = this;
    if (!place) return;
    const relatives = relativesOf(model, place.stage, place.index);
    // What a card says of its kernel, it says of each plane; its map is their sum.
    const added = model.byNumber.get(-1).planes ? ", red + green + blue" : "";
    for (const { map, stage, value } of this.cards.values()) {
      const own = relatives.get(stage.stage);
      // The same place on every kernel's map: one hovered cell for the whole page.
      const twin = stage.stage >= 0 && place.stage >= 0 ? model.twin(place.stage, place.index, stage.stage) : null;
      const at = twin ?? (stage.stage === place.stage ? place.index : null);
      const fed = stage.stage < 0 || place.stage < 0 ? own : null;
      if (twin) map.drawMarks([{ box: cellBox(twin), role: "self" }]);
      else map.drawMarks(fed ? (fed.lines ? boxesOf(fed.lines) : [fed.box]).map((box) => ({ box, role: fed.role })) : []);
      setText(value, at ? `[${at[2]}, ${at[3]}] = ${short(model.value(stage.stage, at), 4)}${stage.stage < 0 ? "" : added}` : "");
    }
    this.ledger.draw(model, model.explain(place.stage, place.index), { pinned: false, dark: this.dark, scaleAt: (stage) => this.scales.get(stage) ?? null });
  }

  /** @param {KeyboardEvent} event @param {number} stage */
  #walk(event, stage) {
    const { shape } = this.model.values.get(stage);
    const next = leadsTo(event, this.place?.stage === stage ? this.place.index.slice(2) : [0, 0], shape.slice(2));
    if (!next) return;
    event.preventDefault();
    this.place = { stage, index: [0, 0, ...next] };
    this.remark();
    setText(this.live, `${nameOf(this.model, stage, this.place.index)} is ${short(this.model.value(stage, this.place.index), 6)}`);
    announce.cell(this.model.byNumber.get(stage).view, this.model.explain(stage, this.place.index), this.channel.revision);
  }
}

/** @param {number[]} index */
function cellBox(index) {
  return { top: index[2], left: index[3], bottom: index[2], right: index[3] };
}
