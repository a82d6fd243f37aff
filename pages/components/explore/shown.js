/**
 * Which of several maps is looked at: one kernel of the bank, one plane of the input and of that kernel.
 * @module
 */

/** @typedef {import("../common/model.js").Model} Model */
/** @typedef {import("../common/model.js").Stage} Stage */

export class Shown {
  /**
   * @param {() => Model} model
   * @param {() => boolean} linked whether a kernel has one plane of weights for all of the input's
   */
  constructor(model, linked) {
    this.model = model;
    this.linked = linked;
    /** The kernel whose maps are looked at. */
    this.output = 0;
    this.plane = 0;
    /** Whether a picture's three planes are shown as one picture in colour. */
    this.composite = true;
  }

  /** Whether the input is shown as one picture in colour. */
  get inColour() {
    return this.composite && this.model().values.get(-1).shape[1] === 3;
  }

  /** The plane of the kernel that an edit speaks of, null for all of them alike. */
  get kernelPlane() {
    return this.linked() ? null : this.plane;
  }

  /** The plane of the input that is drawn on, null for all of them alike. */
  get inputPlane() {
    return this.inColour || this.model().values.get(-1).shape[1] === 1 ? null : this.plane;
  }

  /** The channel of a stage's maps that is looked at. @param {Stage} stage */
  channelOf(stage) {
    const { shape } = this.model().values.get(stage.stage);
    if (shape.length !== 4 || shape[1] === 1) return 0;
    return Math.min(stage.stage === -1 ? this.plane : this.output, shape[1] - 1);
  }

  /**
   * Take a plane of the input or of the kernel; the input's first picture is all three planes together.
   * @param {"input" | "kernel"} view
   * @param {number} choice
   */
  choose(view, choice) {
    if (view === "kernel") this.plane = choice;
    else {
      this.composite = choice === 0;
      if (choice > 0) this.plane = choice - 1;
    }
  }
}
