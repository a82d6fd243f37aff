/**
 * What the hand does to the columns: a cell looked at, pinned, painted or typed into, a weight changed, a plane chosen.
 * @module
 */

import { thicken } from "../common/edits.js";

/**
 * @typedef {import("../common/board.js").Board & {
 *   shown: import("./shown.js").Shown,
 *   brush: import("../common/brush.js").Brush,
 *   closeUp: import("./close_up.js").CloseUp,
 *   predict: import("./predict.js").Predict,
 *   guess: import("./guess.js").Guess,
 *   weight: import("./weight_pointer.js").WeightPointer,
 *   doors: import("./doors.js").Doors,
 *   can: (group: string) => boolean,
 * }} Page
 */

const OTHER_NUMBERS = "This map shows the input's gradient now, so nothing is drawn on it or typed into it. Choose “maps: values” to change the input.";

export class Hand {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
  }

  /** Whether the input is not to be changed on its map: a step keeps it, or other numbers than its own are drawn there. */
  get #locked() {
    return !this.page.can("input") || !!this.page.model.gradients?.has(-1);
  }

  /** Say why the input is not to be changed, where it is not; what stands in the way of a moment goes by itself. @returns {boolean} whether it is not */
  refuses() {
    if (!this.#locked) return false;
    if (this.page.can("input")) this.page.notice.tell(OTHER_NUMBERS, true);
    else this.page.notice.tell(this.page.header.locked.input);
    return true;
  }

  /** What all columns are made with. @returns {import("../common/column.js").ColumnHandlers} */
  columns() {
    const { edits, notice, shown, waiting, weight } = this.page;
    const refuse = (/** @type {string} */ sentence) => notice.tell(sentence);
    return {
      controls: { send: (/** @type {any} */ edit) => edits.send(edit), ask: (/** @type {any} */ edit) => waiting.ask(edit), run: (/** @type {string} */ command) => this.#run(command), refuse },
      cell: (/** @type {string} */ view) => (view === "input" ? { ...this.#cell(view), ...this.#paint() } : this.#cell(view)),
      kernel: {
        change: (/** @type {number[]} */ values) => edits.changeWeights(values, shown.output, shown.kernelPlane),
        end: () => edits.endWeights(),
        takes: (/** @type {number} */ value) => edits.takes(value),
        refuse,
        hover: (/** @type {number | null} */ position) => weight.hover(position),
      },
      plane: (/** @type {string} */ view, /** @type {number} */ plane) => this.#choosePlane(view, plane),
      output: (/** @type {number} */ output) => this.chooseOutput(output),
    };
  }

  /** @param {string} command its name, and after a colon the view it concerns */
  #run(command) {
    const { model, predict, shown, notice, doors } = this.page;
    const stage = model.ofView(command.split(":")[1] ?? "");
    if (stage && predict.cover(stage, shown.channelOf(stage))) notice.tell("This map is hidden, to be predicted: uncover its cells, and its numbers can be read.");
    else doors.commands.run(command);
  }

  /** The cell of a view that is shown there. @param {string} view @param {{row: number, column: number}} cell @returns {import("../common/board.js").Place} */
  #placeAt(view, { row, column }) {
    const { model, shown } = this.page;
    const stage = model.ofView(view);
    const flat = model.values.get(stage.stage).shape.length !== 4;
    return { stage: stage.stage, index: flat ? [0, row] : [0, shown.channelOf(stage), row, column] };
  }

  /** @param {string} view */
  #cell(view) {
    const { page } = this;
    const { zoom } = page.closeUp;
    return {
      hover: (/** @type {any} */ cell) => page.lookAt(cell ? this.#placeAt(view, cell) : null),
      pick: (/** @type {any} */ cell) => page.pickOrType(this.#placeAt(view, cell)),
      key: (/** @type {KeyboardEvent} */ event) => page.guess.key(event, view) || page.byKey(zoom.key(event, page.closeUp.cellOn(view))) || page.walk(event, view),
      zoom: (/** @type {number} */ factor, /** @type {any} */ point) => zoom.at(view, factor, point),
      pan: (/** @type {number} */ right, /** @type {number} */ down) => zoom.pan(view, right, down),
    };
  }

  /** What the input's map takes beside. */
  #paint() {
    const { page } = this;
    return {
      // A finger that means to scroll must not paint over a picture.
      draws: (/** @type {string} */ pointerType) => pointerType !== "touch" || page.brush.drawing || page.header.brush.kind === "grid",
      stroke: (/** @type {any[]} */ cells, /** @type {string} */ phase) => this.#stroke(cells, phase),
      wheel: (/** @type {WheelEvent} */ event) => page.nudge(event.deltaY < 0 ? 1 : -1),
    };
  }

  /** @param {{row: number, column: number}[]} cells @param {string} phase */
  #stroke(cells, phase) {
    const { edits, model, header, brush, shown } = this.page;
    if (this.#locked) {
      if (phase === "start") this.refuses();
    } else if (phase === "end") edits.endCells();
    else edits.changeCells(thicken(cells, header.brush.radius, model.values.get(-1).shape.slice(2)), brush.value, shown.inputPlane);
    const last = cells[cells.length - 1];
    if (last) this.page.lookAt(this.#placeAt("input", last));
  }

  /** @param {string} view @param {number} plane */
  #choosePlane(view, plane) {
    const { page } = this;
    if (view !== "input" && view !== "kernel") {
      this.chooseOutput(plane);
      return;
    }
    page.shown.choose(view, plane);
    if (page.pin?.stage === -1) page.pin = { stage: -1, index: [0, page.shown.plane, ...page.pin.index.slice(2)] };
    page.draw(page.source, false);
  }

  /** Look at another kernel's maps. @param {number} output */
  chooseOutput(output) {
    const { page } = this;
    if (output === page.shown.output) return;
    page.edits.finish();
    page.shown.output = output;
    page.tellOutput(output);
  }
}
