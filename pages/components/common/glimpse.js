/**
 * cnn_core's numbers while a gesture lasts, for what the preview does not know: asked for as often as they are answered
 * and no oftener, and kept by nobody. The gesture's end is an edit as always.
 * @module
 */

import { unpack } from "./blob.js";

const APART = 30; // ms between two questions at least

export class Glimpse {
  /**
   * @param {{
   *   ask: (message: any) => Promise<Uint8Array>,
   *   session: () => string,
   *   base: () => number,
   *   gesture: () => number | null,
   *   edit: () => any | null,
   *   waits: () => number[] | null,
   *   take: (told: any, arrays: Map<string, import("./blob.js").Tensor>) => void,
   * }} on `ask`: the short way to Python; `base`: the revision that the gesture began on; `gesture`: its own, null where
   *   there is none; `edit`: what it would end as now; `waits`: the stages whose values are waited for, null where
   *   nothing is; `take`: what came
   */
  constructor(on) {
    this.on = on;
    this.asking = false;
    this.again = false;
    /** @type {number[]} */
    this.stages = [];
    this.last = -Infinity;
  }

  /** Something under the hand changed that has to be waited for, or nothing has. */
  want() {
    const stages = this.on.waits();
    if (!stages) return;
    // What comes for an earlier step is drawn, and then nothing seems to wait: what this step waits for is kept here.
    this.stages = stages;
    if (this.asking) this.again = true;
    else this.#go();
  }

  async #go() {
    this.asking = true;
    this.again = false;
    const early = this.last + APART - performance.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    const [gesture, edit, { stages }] = [this.on.gesture(), this.on.edit(), this];
    if (gesture !== null && edit) {
      this.last = performance.now();
      const bytes = await this.on.ask({ session: this.on.session(), glimpse: { edit, stages, base: this.on.base() } }).catch(() => null);
      // Of a gesture that ended meanwhile the answer proper is on its way.
      if (bytes?.length && this.on.gesture() === gesture) {
        const { header, arrays } = unpack(bytes);
        this.on.take(header, arrays);
      }
    }
    this.asking = false;
    if (this.again) this.#go();
  }
}
