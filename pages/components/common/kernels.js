/**
 * The planes of one kernel, one for each input channel it reads, below each other.
 * @module
 */

import { h, setText } from "./dom.js";
import { Kernel } from "./kernel.js";

export class Kernels {
  /** @param {{view: string, on: (channel: number) => import("./kernel.js").KernelHandlers}} options */
  constructor({ view, on }) {
    Object.assign(this, { view, on });
    this.element = h("div", { class: "ks-maps" });
    /** By input channel. @type {Map<number, {figure: HTMLElement, caption: HTMLElement, kernel: Kernel}>} */
    this.shown = new Map();
  }

  /** Columns of every plane. */
  get columns() {
    const [first] = this.shown.values();
    return first.kernel.columns;
  }

  /**
   * @param {{channel: number, label: string}[]} planes
   */
  offer(planes) {
    const wanted = new Set(planes.map(({ channel }) => channel));
    for (const [channel, { figure }] of this.shown) {
      if (wanted.has(channel)) continue;
      figure.remove();
      this.shown.delete(channel);
    }
    planes.forEach(({ channel, label }, k) => {
      let plane = this.shown.get(channel);
      if (!plane) {
        const kernel = new Kernel(this.on(channel), { view: `${this.view}-${channel}`, label: `Kernel weights for channel ${channel}` });
        const caption = h("figcaption", { class: "ks-channel" });
        plane = { kernel, caption, figure: h("figure", { class: "ks-channel-map" }, kernel.element, caption) };
        this.shown.set(channel, plane);
      }
      setText(plane.caption, label);
      if (this.element.children[k] !== plane.figure) this.element.insertBefore(plane.figure, this.element.children[k] ?? null);
    });
  }
}
