/**
 * What a column seldom needs, behind "More…": folds out over the page and pushes nothing aside; a press elsewhere or
 * Escape closes it, and only one is open at a time. On a narrow screen it is a sheet at the lower edge.
 * @module
 */

import { h } from "./dom.js";

const MARGIN = 12; // px kept free at the window's edges, and below the bar that lies over the page's top
const LEAST = 260; // px: with less room below, it opens upwards

export class Fold {
  /** @param {HTMLElement} content */
  constructor(content) {
    this.content = content;
    this.summary = h("summary", { class: "ks-button", text: "More…" });
    this.element = h("details", { class: "ks-more", name: "ks-more" }, this.summary, content);
    this.element.addEventListener("toggle", () => this.#place());
    // At once: the event comes a frame late, and what opened would jump to its place.
    this.summary.addEventListener("click", (event) => {
      event.preventDefault();
      this.element.open = !this.element.open;
      this.#place();
    });
    this.onPress = (/** @type {Event} */ event) => {
      if (!this.element.open || !(event.target instanceof Element)) return;
      // A dialog that it opened is not elsewhere.
      if (!this.element.contains(event.target) && !event.target.closest("dialog")) this.element.open = false;
    };
    this.onKey = (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Escape" || !this.element.open || document.querySelector("dialog[open]")) return;
      const inside = this.element.contains(document.activeElement);
      this.element.open = false;
      if (inside) this.summary.focus();
    };
    document.addEventListener("pointerdown", this.onPress, true);
    document.addEventListener("keydown", this.onKey);
  }

  leave() {
    document.removeEventListener("pointerdown", this.onPress, true);
    document.removeEventListener("keydown", this.onKey);
  }

  close() {
    this.element.open = false;
  }

  /** Beside its button, where there is room for it. A sheet has its place by style. */
  #place() {
    const { style } = this.content;
    style.cssText = "";
    if (!this.element.open || getComputedStyle(this.content).position === "fixed") return;
    const button = this.summary.getBoundingClientRect();
    const below = window.innerHeight - button.bottom - MARGIN;
    const bar = document.querySelector('[data-testid="stHeader"]')?.getBoundingClientRect().bottom ?? 0;
    const above = button.top - bar - MARGIN;
    const upwards = below < LEAST && above > below;
    style.maxHeight = `${Math.max(LEAST / 2, upwards ? above : below)}px`;
    if (upwards) Object.assign(style, { top: "auto", bottom: `${this.element.parentElement.getBoundingClientRect().bottom - button.top + 4}px` });
    const box = this.content.getBoundingClientRect();
    const column = this.element.closest(".ks-column");
    const over = column && box.top < column.querySelector(".ks-body").getBoundingClientRect().bottom;
    const by = (upwards && over && besides(column.getBoundingClientRect(), box)) || within(box);
    if (by) style.marginLeft = `${by}px`;
  }
}

/**
 * How far what opened upwards moves so as not to lie over the map of its own column, which shows what is changed in it,
 * px; 0 where neither side has room.
 * @param {DOMRect} column @param {DOMRect} box
 */
function besides(column, box) {
  if (column.left - box.width >= MARGIN) return column.left - box.right;
  return column.right + box.width + MARGIN <= document.documentElement.clientWidth ? column.right - box.left : 0;
}

/** How far it moves to lie within the window, px. @param {DOMRect} box */
const within = (box) => Math.max(0, MARGIN - box.left) - Math.max(0, box.right + MARGIN - document.documentElement.clientWidth);
