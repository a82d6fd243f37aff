/**
 * What is drawn once for each channel, one below the other, each with its name.
 * @module
 */

import { Bars } from "./bars.js";
import { h, setText } from "./dom.js";
import { Grid } from "./grid.js";
import { Kernel } from "./kernel.js";

/**
 * @typedef {{channel: number | string, label: string, view?: string}} Named  `channel`: whatever tells one from the others;
 *   `view`: its name, where it is not the column's with the channel
 */

/** @template {{element: HTMLElement}} Drawn */
class Channels {
  /** @param {string} view @param {(named: Named) => Drawn} make */
  constructor(view, make) {
    this.view = view;
    this.make = make;
    this.element = h("div", { class: "ks-maps" });
    /** By channel. @type {Map<any, {figure: HTMLElement, caption: HTMLElement, drawn: Drawn, name?: string}>} */
    this.shown = new Map();
    /** What a screen reader calls one, where that may change. @type {((named: Named) => string) | null} */
    this.nameOf = null;
  }

  /**
   * Show these channels and no others.
   * @param {Named[]} channels
   * @param {number | null} [chosen] the one that is looked at, where one is
   */
  offer(channels, chosen = null) {
    const wanted = new Set(channels.map(({ channel }) => channel));
    for (const [channel, { figure }] of this.shown) {
      if (wanted.has(channel)) continue;
      figure.remove();
      this.shown.delete(channel);
    }
    channels.forEach((named, k) => {
      const { channel, label } = named;
      const name = this.nameOf?.(named);
      let one = this.shown.get(channel);
      if (!one) {
        const drawn = this.make(named);
        const caption = h("figcaption", { class: "ks-channel" });
        one = { drawn, caption, figure: h("figure", { class: "ks-channel-map" }, drawn.element, caption) };
        this.shown.set(channel, one);
      }
      setText(one.caption, label);
      if (name && name !== one.name) one.drawn.element.setAttribute("aria-label", name);
      one.name = name;
      one.figure.classList.toggle("ks-chosen", channel === chosen);
      // Moving an element that is in its place would take the focus from whoever is typing in it.
      if (this.element.children[k] !== one.figure) this.element.insertBefore(one.figure, this.element.children[k] ?? null);
    });
  }
}

/** The maps of several channels; a channel's view is the view, a dash and the channel. @extends {Channels<Grid>} */
export class Maps extends Channels {
  /** @param {{view: string, title: string, on: (view: string) => import("./grid.js").Handlers}} options */
  constructor({ view, title, on }) {
    super(view, ({ channel, view: own }) => {
      const name = own ?? `${view}-${channel}`;
      return new Grid({ view: name, label: "", on: on(name) });
    });
    this.name(title);
    this.nameOf = ({ label }) => `${this.title}, ${label ? `${label}, ` : ""}a map of numbers`;
  }

  /** @param {string} title of the column, from the next offer on */
  name(title) {
    this.title = title;
  }
}

/** Several vectors, each under a heading; a vector is known by its view. @extends {Channels<Bars>} */
export class Figures extends Channels {
  /** @param {{on: (view: string) => import("./grid.js").Handlers}} options */
  constructor({ on }) {
    super("", ({ channel }) => new Bars({ view: String(channel), label: String(channel), on: on(String(channel)) }));
    this.element.classList.add("ks-figures");
  }
}

/** The planes of one kernel, one for each input channel that it reads. @extends {Channels<Kernel>} */
export class Kernels extends Channels {
  /** @param {{view: string, on: (channel: number) => import("./kernel.js").KernelHandlers}} options */
  constructor({ view, on }) {
    super(view, ({ channel }) => new Kernel(on(channel), { view: `${view}-${channel}`, label: `Kernel weights for channel ${channel}` }));
  }

  /** Columns of every plane. */
  get columns() {
    const [first] = this.shown.values();
    return first.drawn.columns;
  }
}
