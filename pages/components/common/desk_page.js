/**
 * A page that shows what Python keeps on a desk: what comes of it, the edits that go there with their undo, and the places
 * of all that on the page.
 * @module
 */

import { ask } from "./ask.js";
import { unpack } from "./blob.js";
import { Busy } from "./busy.js";
import { Channel } from "./channel.js";
import { copyLinkButton } from "./copy_link.js";
import { Dock } from "./dock.js";
import { h, oncePerFrame } from "./dom.js";
import { Edits } from "./edits.js";
import { Glimpse } from "./glimpse.js";
import { keep, takeUp } from "./keep.js";
import { tellSizes } from "./layout.js";
import { Model } from "./model.js";
import { Notice } from "./notice.js";
import { Pressed } from "./pressed.js";
import { barColours, isDark } from "./scale.js";
import { Undo } from "./undo.js";
import { Waiting } from "./waiting.js";

/**
 * A page gives: `bar` (what stands above the ledger), `draw(source, tell, anew)`, `layout()`, `lay(where)`, `show(header)`,
 * `looksAgain(header)` before what came is shown and `tellChanges(header)` after, `kernelColumns()` and, where it needs
 * them, `begin`, `begun` and what else has a default here.
 */
export class DeskPage {
  /** @param {string} component its name, by which Python answers it */
  constructor(component) {
    /** By whom Python answers it; the first header may name another desk. */
    this.component = component;
    const asked = (/** @type {any} */ message) => ask(this.component, message);
    this.channel = new Channel(asked, (bytes) => this.take(bytes));
    this.dark = false;
    /** What stands side by side, by view. @type {Map<string, import("./column.js").Column>} */
    this.columns = new Map();
    this.notice = new Notice(() => this.history.element);
    this.edits = new Edits({
      model: () => this.model,
      header: () => this.header,
      columns: () => this.kernelColumns(),
      channel: this.channel,
      begin: () => this.begun(),
      beside: (output) => this.beside(output),
      sent: (edit) => this.waiting.answer(edit),
      redraw: () => this.redraw(),
    });
    this.history = new Undo({ send: (edit) => this.edits.send(edit), ready: () => !!this.header });
    this.corner = h("div", { class: "ks-corner" });
    this.busy = new Busy();
    this.waiting = new Waiting({ busy: this.busy, channel: this.channel, send: (edit) => this.edits.send(edit), header: () => this.header });
    this.glimpse = new Glimpse({
      ask: asked,
      session: () => this.channel.session,
      base: () => this.header.revision,
      gesture: () => this.edits.revision,
      edit: () => this.edits.current,
      waits: () => this.waits(),
      take: (told, arrays) => this.glimpsed(told, arrays),
    });
    this.redraw = oncePerFrame(() => {
      // The answer to the gesture's end may come before its last frame: what it brought is on screen, and stays.
      if (!this.edits.busy && this.header.revision >= this.channel.sent) return;
      this.draw("preview");
      this.glimpse.want();
    });
  }

  /** What hands the page on, in one group. @param {string} what its link opens, such as "laboratory" @param {HTMLElement[]} more */
  sharing(what, ...more) {
    const copy = copyLinkButton(what, { link: () => this.header.link, tell: (sentence, passes) => this.notice.tell(sentence, passes) });
    return h("div", { class: "ks-history", role: "group", "aria-label": "Share" }, copy, ...more);
  }

  /** Put the page's elements where they are seen, and listen. @param {HTMLElement} parent @param {HTMLElement} root */
  enter(parent, root) {
    this.root = root;
    tellSizes(root);
    parent.append(root);
    this.dock = new Dock(root, this.bar, (where) => this.lay(where));
    this.observer = new ResizeObserver(oncePerFrame(() => this.#resized()));
    this.observer.observe(root);
    this.history.enter(root);
    this.pressed = new Pressed(root);
  }

  /** The width that all sizes follow, in px. */
  get width() {
    return this.root.clientWidth;
  }

  /** The page's height, which is another one with every sum that the ledger tells, makes nothing larger or smaller. */
  #resized() {
    const { width } = this;
    if (width !== this.roomFor) {
      this.layout();
      this.notice.place();
    }
    this.roomFor = width;
    this.dock.check();
  }

  leave() {
    this.channel.arrived = () => {};
    this.busy.leave();
    for (const column of this.columns.values()) column.remove();
    this.observer.disconnect();
    this.dock.leave();
    this.pressed.leave();
    this.history.leave();
    this.root.remove();
  }

  // ---- what Python sends -------------------------------------------------------------------------------------

  /**
   * Whether what came is for this page: the framework may hand the place of one page's to another page's.
   * @param {Uint8Array} data
   */
  takes(data) {
    const { desk } = unpack(data).header;
    return !this.header || !desk || desk === this.component;
  }

  /**
   * @param {Uint8Array} data
   * @param {(name: string, value: any) => void} setStateValue
   */
  receive(data, setStateValue) {
    this.channel.setStateValue = setStateValue;
    const dark = isDark(this.root);
    const flipped = dark !== this.dark;
    this.dark = dark;
    const [below, above] = barColours(dark);
    this.root.style.setProperty("--ks-negative", below);
    this.root.style.setProperty("--ks-positive", above);
    if (data !== this.lastData) {
      this.lastData = data;
      this.take(data);
    } else if (flipped && this.model) this.draw(this.source);
  }

  /** @param {Uint8Array} data */
  take(data) {
    // Before anything is asked for: by whom it is answered.
    if (!this.header) this.component = unpack(data).header.desk ?? this.component;
    const header = this.channel.receive(data);
    if (header && !this.edits.busy) this.#adopt(header);
  }

  /** @param {any} header */
  #adopt(header) {
    if (!this.header) this.begin(header);
    const resuming = !this.header && takeUp(header, this.channel);
    const goesOn = !!this.header && this.goesOn(header);
    this.header = header;
    this.channel.shows(header);
    // Until it has been, the one before is what the tab remembers: whoever loads the page once more is to find it.
    if (!resuming) keep(header.link, header.session, goesOn);
    this.model = new Model(header.stages, this.channel.arrays, header.told);
    this.looksAgain(header);
    this.history.describe(header.history);
    // Of a session that is about to be taken up again only its own words count.
    if (!resuming) this.notice.arrived(header);
    this.pressed.around(() => {
      this.show(header);
      this.draw("cnn_core");
    });
    this.tellChanges(header);
    this.waiting.arrived(header);
  }

  /** Whether what came is another place, which the browser's Back leaves for the one before. @param {any} _header */
  goesOn(_header) {
    return false;
  }

  /** What else is made with an output's weights: stages, and which of their own outputs. @param {number} _output @returns {{stage: number, output: number}[]} */
  beside(_output) {
    return [];
  }

  /** The stages whose values the gesture under way waits for; null where it waits for nothing. @returns {number[] | null} */
  waits() {
    return this.model.waiting.size ? [...this.model.waiting] : null;
  }

  /**
   * What the gesture waited for has come, and the gesture goes on.
   * @param {any} told its `stages`: a stage's number and the names of what came for it; what else a page asked for
   * @param {Map<string, import("./blob.js").Tensor>} arrays
   */
  glimpsed(told, arrays) {
    this.channel.lend(arrays);
    for (const stage of told.stages) this.model.take(stage, arrays);
    this.renewed(told);
    this.draw("preview");
  }

  /** Stages have other arrays than they had, and are about to be drawn. @param {any} _told what came with them */
  renewed(_told) {}

  /** Dim what is older than the hand, where it stays so long enough to be read. @param {HTMLElement} element @param {boolean} late */
  late(element, late) {
    element.classList.toggle("ks-late", late);
  }

  /** The first header has come. @param {any} _header */
  begin(_header) {}

  /** An edit begins. */
  begun() {
    this.notice.tell("");
  }

  /** The columns that are on screen, as Python described them. @returns {any[]} */
  sideBySide() {
    return this.header.columns;
  }
}
