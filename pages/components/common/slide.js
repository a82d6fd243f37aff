/**
 * The window sliding over a page's maps: which stage it slides over, where it is, and what it has not reached yet.
 * @module
 */

import { Player } from "./player.js";

/** @typedef {import("./board.js").Place} Place */

export class Slide {
  /**
   * @param {{over: () => import("./model.js").Stage | null | undefined, shape: (stage: number) => number[], output: () => number, place: () => Place | null, pick: (place: Place) => void, pass: (place: Place) => void, filled: () => void, playing: (playing: boolean) => void}} on
   *   `over`: the first stage with a kernel, if there is one; `shape`: rows and columns of a stage; `output`: whose map is
   *   looked at; `place`: where the eye is; `pick`: pin a cell; `pass`: pin it in passing; `filled`: the maps are whole again;
   *   `playing`: the window has begun or ended to slide by itself
   * @param {boolean} thorough for the player
   */
  constructor(on, thorough) {
    this.on = on;
    /** The last cell that the window has made; null where no map is blank. @type {Place | null} */
    this.reached = null;
    this.player = new Player({
      go: (k, playing) => this.#go(k, playing),
      partial: () => !!this.reached,
      fill: () => this.fill(),
      playing: (playing) => this.on.playing(playing),
      count: () => this.shape()?.reduce((a, b) => a * b, 1) ?? 0,
      where: () => this.#where(),
    }, thorough);
  }

  /** Stand still, all maps whole. */
  end() {
    if (this.player.playing) this.player.pause();
    this.reached = null;
  }

  /** Rows and columns of the map that the window slides over. */
  shape() {
    const stage = this.on.over();
    return stage ? this.on.shape(stage.stage) : null;
  }

  #where() {
    const place = this.on.place();
    if (!place || place.param || place.stage !== this.on.over()?.stage) return -1;
    return this.player.rank(place.index.slice(2), this.shape());
  }

  /** @param {number} k @param {boolean} playing */
  #go(k, playing) {
    const place = { stage: this.on.over().stage, index: [0, this.on.output(), ...this.player.cellOf(k, this.shape())] };
    if (!playing) {
      this.on.pick(place);
      return;
    }
    this.reached = place;
    this.on.pass(place);
  }

  /** All maps whole again; what the window has come to stays pinned. */
  fill() {
    this.end();
    this.on.filled();
  }

  /** For each row of the maps that the window fills, the first cell that it has not reached yet; null where none is blank. */
  blank() {
    if (!this.reached) return null;
    const [, , row, column] = this.reached.index;
    const width = this.shape()[1];
    if (this.player.down) return (/** @type {number} */ i) => (i <= row ? column + 1 : column);
    return (/** @type {number} */ i) => (i < row ? width : i === row ? column + 1 : 0);
  }
}
