/**
 * When the ledger is written and with what: the sum of the cell that is looked at, or what is asked about it.
 * @module
 */

import { nameOf } from "./names.js";

const READABLE = 50; // ms: a sum that changes faster cannot be read

export class LedgerWriter {
  /** @param {import("./board.js").Board} board */
  constructor(board) {
    this.board = board;
    /** What was written last. */
    this.written = "";
  }

  leave() {
    clearTimeout(this.timer);
  }

  /** Under the hand the maps come first, and the sum follows as fast as it can be read. */
  soon() {
    if (this.board.source !== "preview") this.now();
    else this.timer ??= window.setTimeout(() => this.now(), READABLE);
  }

  /**
   * The ledger is written anew only for another cell or other numbers: replacing a term under the pointer would make
   * the pointer enter it again, and again. Where someone is about to type into it, it waits for no frame.
   */
  now() {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { board } = this;
    const { spoken: place, pinned, model, ledger } = board;
    if (!place) return;
    const question = board.question(place, pinned);
    if (question) {
      this.written = "";
      ledger.ask(nameOf(model, place.stage, place.index), question);
      return;
    }
    const written = JSON.stringify([place.stage, place.index, place.param, place.shareOf?.index, pinned, board.draws]);
    if (written === this.written) return;
    const explanation = board.explanation(place);
    if (!explanation) return;
    this.written = written;
    ledger.draw(model, explanation, {
      pinned,
      dark: board.dark,
      shown: board.output,
      of: board.of,
      parts: board.partsOf(explanation),
      verdict: board.verdictOf(explanation),
      further: pinned ? board.furtherFrom(explanation) : null,
      onward: (view) => board.onward(view),
      scaleAt: (stage, index) => board.look.scaleAt(stage, index),
    });
  }
}
