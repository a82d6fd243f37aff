/**
 * The maps of several channels, one below the other.
 * @module
 */

import { h, setText } from "./dom.js";
import { Grid } from "./grid.js";

export class Maps {
  /**
   * @param {{view: string, title: string, on: (view: string) => import("./grid.js").Handlers}} options a channel's view
   *   is the view, a dash and the channel
   */
  constructor({ view, title, on }) {
    Object.assign(this, { view, title, on });
    this.element = h("div", { class: "ks-maps" });
    /** By channel. @type {Map<number, {figure: HTMLElement, caption: HTMLElement, grid: Grid}>} */
    this.shown = new Map();
  }

  /**
   * Show these channels and no others.
   * @param {{channel: number, label: string}[]} channels
   * @param {number | null} [chosen] the one that is looked at, where one is
   */
  offer(channels, chosen = null) {
    const wanted = new Set(channels.map(({ channel }) => channel));
    for (const [channel, { figure }] of this.shown) {
      if (wanted.has(channel)) continue;
      figure.remove();
      this.shown.delete(channel);
    }
    channels.forEach(({ channel, label }, k) => {
      let map = this.shown.get(channel);
      if (!map) {
        const view = `${this.view}-${channel}`;
        const grid = new Grid({ view, label: `${this.title}, channel ${channel}, a map of numbers`, on: this.on(view) });
        const caption = h("figcaption", { class: "ks-channel" });
        map = { grid, caption, figure: h("figure", { class: "ks-channel-map" }, grid.element, caption) };
        this.shown.set(channel, map);
      }
      setText(map.caption, label);
      map.figure.classList.toggle("ks-chosen", channel === chosen);
      if (this.element.children[k] !== map.figure) this.element.insertBefore(map.figure, this.element.children[k] ?? null);
    });
  }

  /** @param {number} channel */
  grid(channel) {
    return this.shown.get(channel)?.grid ?? null;
  }
}
