/**
 * The ways in and out: a photograph, what is pasted, what a command opens, what is taken away and made a lesson of.
 * @module
 */

import { h } from "../common/dom.js";
import { numbersOf, numbersOfKernel, planeOf } from "../common/numbers.js";
import { PasteDoor } from "./clipboard.js";
import { Commands } from "./commands.js";
import { PhotoDoor } from "./photo_door.js";
import { Teach } from "./teach.js";

/** @typedef {import("../common/board.js").Board & {shown: import("./shown.js").Shown, brush: import("../common/brush.js").Brush}} Page */

const UI = new URL("..", import.meta.url).href.replace(/\/$/, ""); // where the server keeps the components' files

export class Doors {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    const send = (/** @type {any} */ edit) => page.edits.send(edit);
    const ask = (/** @type {any} */ edit) => page.waiting.ask(edit);
    const tell = (/** @type {string} */ sentence, /** @type {boolean} */ passes = false) => page.notice.tell(sentence, passes);
    const header = () => page.header;
    this.photo = new PhotoDoor({
      limit: () => page.header.upload_limit,
      refuse: tell,
      start: (name) => {
        tell(""); // what it said was of what is replaced
        page.slide.fill(); // another picture is to be seen whole
        page.waiting.upload(name);
      },
    });
    this.commands = new Commands({
      send,
      refuse: tell,
      header,
      brush: () => page.brush.value,
      shown: page.shown,
      ask,
      busy: page.busy,
      dark: () => page.dark,
      stages: () => page.sideBySide(),
      drawing: (view) => planeOf(page.columns.get(view), page.model.ofView(view).names, page.dark),
      numbers: (view) => this.#numbers(view),
      gradient: (view) => !!page.model.gradients?.has(page.model.ofView(view).stage),
      of: () => page.of,
      door: this.photo,
      ui: UI,
    });
    const { dialog } = this.commands;
    this.paste = new PasteDoor({
      closed: () => dialog.isOpen,
      locked: () => page.header.locked,
      begin: () => page.editor.leave(),
      picture: (file) => this.photo.take(file),
      input: () => this.#input(),
      ask,
      tell,
    });
    this.teach = new Teach({ send, ask, header, stages: () => page.sideBySide(), file: (name) => this.commands.fetchFile(name), tell, dialog, ui: UI });
    const button = (/** @type {string} */ text, /** @type {string} */ title, /** @type {() => void} */ onclick) => h("button", { type: "button", class: "ks-button", text, title, onclick });
    this.buttons = [
      button("Teach…", "Make a lesson of this experiment, as a link or a file", () => this.teach.open()),
      button("Take away…", "Pictures, numbers, a script, a scenario file", () => this.commands.run("take")),
    ];
  }

  leave() {
    this.photo.leave();
    this.paste.leave();
    this.commands.leave();
  }

  /** @param {any} header */
  describe(header) {
    for (const button of this.buttons) button.hidden = !!header.course;
    this.teach.describe(header);
  }

  /** @param {string} view */
  #numbers(view) {
    const { columns, model, shown, pin } = this.page;
    if (view === "kernel") return numbersOfKernel(columns.get(view));
    const stage = model.ofView(view);
    return numbersOf(model, stage, shown.channelOf(stage), pin);
  }

  /** Where on the input pasted numbers may land. @returns {import("./clipboard.js").Input} */
  #input() {
    const { pin, header, model, shown } = this.page;
    const at = pin?.stage === -1 ? { row: pin.index[2], column: pin.index[3] } : null;
    const { low, high } = header.brush;
    return { at, size: model.values.get(-1).shape.slice(2), plane: shown.inputPlane, low, high };
  }
}
