/**
 * The strip of stages: what is drawn, what is hovered and pinned, and the gestures that change it.
 * @module
 */

import * as announce from "../common/announce.js";
import { Board } from "../common/board.js";
import { Brush } from "../common/brush.js";
import { placeColumns } from "../common/column.js";
import { h, move, setText } from "../common/dom.js";
import { Look } from "../common/look.js";
import { nameOf } from "../common/names.js";
import { numbersOf, numbersOfKernel, planeOf } from "../common/numbers.js";
import { unmade, veil } from "../common/veil.js";
import { PasteDoor } from "./clipboard.js";
import { CloseUp } from "./close_up.js";
import { Commands } from "./commands.js";
import { Dense } from "../common/dense.js";
import { drawKernel, drawStages } from "./drawing.js";
import { Gradients } from "./gradients.js";
import { Guess } from "./guess.js";
import { Hand } from "./hand.js";
import { layOut } from "./layout.js";
import { LessonPanel } from "./lesson.js";
import { marksOf, winnerOf } from "./marks.js";
import { PhotoDoor } from "./photo_door.js";
import { Predict } from "./predict.js";
import { Shown } from "./shown.js";
import { Tail } from "./tail.js";
import { Teach } from "./teach.js";
import { WeightPointer } from "./weight_pointer.js";

export class Explore extends Board {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    super("explore");
    this.shown = new Shown(() => this.model, () => this.header.kernel.linked);
    this.brush = new Brush({ refuse: (sentence) => this.notice.tell(sentence) });
    this.takeAway = h("button", { type: "button", class: "ks-button", text: "Take away…", title: "Pictures, numbers, a script, a scenario file", onclick: () => this.commands.run("take") });
    this.strip = h("div", { class: "ks-strip" });
    this.tail = new Tail(() => this.#foldTail());
    this.sentence = h("p", { class: "ks-sentence" });
    this.closeUp = new CloseUp({ model: () => this.model, pin: () => this.pin, columns: this.columns, channel: this.channel });
    this.look = new Look(() => this.model && this.draw(this.source, false));
    this.door = new PhotoDoor({
      limit: () => this.header.upload_limit,
      refuse: (sentence) => this.notice.tell(sentence),
      start: (name) => {
        this.notice.tell(""); // what it said was of what is replaced
        this.waiting.upload(name);
      },
    });
    this.pasteDoor = new PasteDoor({
      closed: () => this.commands.dialog.isOpen,
      locked: () => this.header.locked,
      begin: () => this.editor.leave(),
      picture: (file) => this.door.take(file),
      input: () => this.#input(),
      ask: (edit) => this.waiting.ask(edit),
      tell: (sentence, passes) => this.notice.tell(sentence, passes),
    });
    this.commands = new Commands({
      send: (edit) => this.edits.send(edit),
      refuse: (sentence) => this.notice.tell(sentence),
      header: () => this.header,
      brush: () => this.brush.value,
      output: () => this.shown.output,
      plane: () => this.shown.kernelPlane,
      inputPlane: () => this.shown.inputPlane,
      ask: (edit) => this.waiting.ask(edit),
      busy: this.busy,
      dark: () => this.dark,
      stages: () => this.sideBySide(),
      drawing: (view) => planeOf(this.columns.get(view), this.model.ofView(view).names, this.dark),
      numbers: (view) => this.#numbers(view),
      gradient: (view) => !!this.model.gradients?.has(this.model.ofView(view).stage),
      of: () => this.of,
      door: this.door,
      ui: new URL("..", import.meta.url).href.replace(/\/$/, ""),
    });
    this.gradients = new Gradients({
      channel: this.channel,
      zoom: this.closeUp.zoom,
      model: () => this.model,
      pin: () => this.pin,
      kernel: () => this.header.kernel.stage,
      look: (place) => this.lookAt(place),
      keep: (place) => this.keep(place),
      arrived: () => this.answered(),
      tell: (sentence) => this.notice.tell(sentence),
    });
    this.ledger.element.append(this.gradients.sees.element);
    this.weight = new WeightPointer({
      model: () => this.model,
      stage: () => this.header.kernel.stage,
      kernel: () => this.columns.get("kernel")?.view,
      shown: this.shown,
      place: () => this.place,
      gradients: () => this.gradients.shown,
      revision: () => this.channel.revision,
      look: (place) => this.lookAt(place),
      changed: () => {
        this.term = null;
        this.remark();
      },
    });
    this.predict = new Predict({ send: (edit) => this.#ask(edit), back: () => this.focusPinned({ preventScroll: true }), further: (place) => this.guess.further(place) });
    this.guess = new Guess({
      predict: this.predict,
      model: () => this.model,
      pin: () => this.pin,
      pinned: (view) => this.pinnedOn(view) !== null,
      idle: ({ target }) => target === document.body || target === this.lesson.title,
      pick: (place) => this.pick(place),
      ask: () => {
        // The field has to be there at once: the question may wait for its frame, or for the pointer to leave another cell.
        this.lookAt(null);
        this.writeNow();
      },
      refuseWord: () => this.refuseWord(),
      tell: (sentence) => this.notice.tell(sentence),
    });
    this.hand = new Hand(this);
    this.dense = new Dense({
      change: (stage, cells) => {
        this.ledger.hold();
        this.edits.changeDense(stage, cells);
      },
      end: () => this.edits.endDense(),
      send: (edit) => this.edits.send(edit),
      refuse: (sentence) => this.notice.tell(sentence),
      output: () => this.shown.output,
      redraw: () => this.model && this.draw(this.source, false),
      asked: () => this.#askedClass(),
    });
    this.teach = new Teach({
      send: (edit) => this.edits.send(edit),
      ask: (edit) => this.waiting.ask(edit),
      header: () => this.header,
      file: (name) => this.commands.fetchFile(name),
      tell: (sentence) => this.notice.tell(sentence),
      dialog: this.commands.dialog,
      ui: new URL("..", import.meta.url).href.replace(/\/$/, ""),
    });
    this.makeLesson = h("button", { type: "button", class: "ks-button", text: "Teach…", title: "Make a lesson of this experiment, as a link or a file", onclick: () => this.teach.open() });
    this.lesson = new LessonPanel({ send: (edit) => this.edits.send(edit), open: () => this.door.open() });
    this.share = this.sharing("experiment", this.makeLesson, this.takeAway);
    this.bar = h("div", { class: "ks-bar-top" }, h("div", { class: "ks-look" }, this.gradients.backward.element, this.predict.element, this.look.element), this.closeUp.zoom.element);
    const root = h("div", { class: "ks ks-explore" }, this.notice.element, this.busy.element, this.corner, this.lesson.element, this.strip, this.sentence, this.bar, this.ledger.element, this.dense.element, this.live, this.commands.dialog.element);
    this.enter(parent, root);
    this.observer.observe(this.strip);
    this.door.acceptDrops(document.body, () => this.columns.get("input")?.element);

    this.path = window.location.pathname;
    this.onBack = () => this.#followAddress();
    window.addEventListener("popstate", this.onBack);
  }

  /** @param {import("../common/dock.js").Where} where */
  lay(where) {
    super.lay(where);
    // On the first screen of a photograph, where it is wanted most.
    move(this.closeUp.zoom.element, where === "edge" ? this.ledger.dock : this.bar);
  }

  leave() {
    super.leave();
    this.closeUp.leave();
    this.door.leave();
    this.pasteDoor.leave();
    this.guess.leave();
    window.removeEventListener("popstate", this.onBack);
    this.commands.leave();
    this.dense.leave();
  }

  get of() {
    return this.gradients.backward.title;
  }

  get output() {
    return this.shown.output;
  }

  /** Over a map that a step of a lesson does not show no window slides: it would lead away from what is asked. */
  get slidOver() {
    return this.columns.has("conv") ? super.slidOver : null;
  }

  kernelColumns() {
    return this.columns.get("kernel").view.columns;
  }

  /** Whether a step of a lesson leaves a group of controls to the learner; in Explore all of them. @param {string} group */
  can(group) {
    return !(group in this.header.locked);
  }

  inputPlane() {
    return this.shown.inputPlane;
  }

  inputGrid() {
    return this.columns.get("input").view;
  }

  /** Where on the input pasted numbers may land. @returns {import("./clipboard.js").Input} */
  #input() {
    const { pin } = this;
    const at = pin?.stage === -1 ? { row: pin.index[2], column: pin.index[3] } : null;
    const { low, high } = this.header.brush;
    return { at, size: this.model.values.get(-1).shape.slice(2), plane: this.shown.inputPlane, low, high };
  }

  /** @param {import("../common/model.js").Stage} stage */
  channelOf(stage) {
    return this.shown.channelOf(stage);
  }

  /** Steps of lessons, and the list of them, are places. @param {any} header */
  goesOn(header) {
    return !!header.course;
  }

  /** The browser went back or on to another step, or to the list. */
  #followAddress() {
    if (!this.header?.course || window.location.pathname !== this.path) return;
    const { name, code } = this.header.link;
    const wanted = new URL(window.location.href).searchParams.get(name) ?? "";
    if (wanted !== (code ?? "")) this.edits.send({ op: "follow", value: wanted });
  }

  /** @param {any} header */
  begin(header) {
    this.shown.output = header.output;
  }

  /** @param {any} header */
  show(header) {
    const { lesson } = header;
    this.predict.describe(header.predict, this.model);
    this.gradients.describe(header, this.predict.hides || (!!lesson && !lesson.gradients));
    this.lesson.describe(header, this.root);
    // Once its question is drawn.
    if (this.lesson.entered && this.lesson.asks("predict")) queueMicrotask(() => this.pin && this.predict.asks(this.pin) && this.predict.type(""));
    this.predict.element.hidden = !!lesson; // its card counts
    this.takeAway.hidden = !!header.course;
    this.makeLesson.hidden = !!header.course;
    this.teach.describe(header);
    const opened = header.open !== this.opened;
    this.opened = this.channel.open = header.open;
    if (opened) {
      this.shown.output = header.output;
      this.closeUp.begin(header.zoom);
    }
    this.shown.output = Math.min(this.shown.output, header.kernel.outputs.length - 1);
    const { title, sentence, facts } = header.kernel.outputs[this.shown.output];
    this.sentence.replaceChildren(h("b", { text: title }), ` ${sentence} `, h("span", { text: facts }));
    if (this.#asksTail()) this.tail.folded = false; // what a link or a file asks about is on screen
    this.#columns();
    // Asking for widths has the browser lay the page out at once: only where something has another size.
    const sizes = JSON.stringify(this.#sizes());
    this.skip.hidden = !!this.lesson.overview;
    this.dock.hold(this.lesson.crowded);
    if (this.lesson.overview) return; // no stage is in sight, and none has a size
    if (sizes !== this.laidOut || opened) this.layout(false);
    this.laidOut = sizes;
  }

  /** Hide a stage, or say what a hidden cell holds. @param {any} edit */
  #ask(edit) {
    // What is to be predicted, and what is asked, is on screen.
    if (edit.op === "hide" && this.tail.folded && this.tail.holds(edit.value)) this.tail.fold(false);
    if (edit.op === "hide") this.gradients.leave();
    this.edits.send(edit);
  }

  /** @param {import("../common/board.js").Place} place @param {boolean} pinned */
  question(place, pinned) {
    return this.predict.covers(place) ? this.predict.question(place, pinned) : null;
  }

  /** What is hidden is not told, nor what a step of a lesson does not show. @param {string} view */
  onward(view) {
    return this.columns.has(view) && !(this.predict.hides && !this.predict.allOpen);
  }

  /** @param {import("../common/board.js").Place} place */
  verdictOf(place) {
    return this.predict.verdictOf(place);
  }

  /** A step whose task is done leads on by itself. @param {import("../common/board.js").Place} place */
  furtherFrom(place) {
    return this.header.lesson?.goal?.met ? null : this.predict.furtherFrom(place, this.model);
  }

  /** @param {import("../common/board.js").Place | null} place */
  lookAt(place) {
    if (!this.predict.typing) super.lookAt(place);
  }

  /** While gradients are shown, it is they that a gesture waits for. */
  waits() {
    return this.gradients.shown ? [...this.model.waiting] : super.waits();
  }

  renewed() {
    this.gradients.fresh = true;
    this.gradients.renew(this.header.stages);
  }

  /** @param {import("../common/board.js").Place} place */
  holds(place) {
    return place.param ? this.header.backward.value !== "" : super.holds(place);
  }

  /** @param {import("../common/board.js").Place} place */
  inWords(place) {
    if (this.predict.covers(place)) return `${nameOf(this.model, place.stage, place.index)} is hidden: what is it?`;
    const verdict = this.predict.verdictOf(place);
    if (verdict) return `${verdict} ${super.inWords(place)}`;
    return this.gradients.backward.inWords(place, this.model) || super.inWords(place);
  }

  // ---- columns -----------------------------------------------------------------------------------------------

  #columns() {
    placeColumns(this.columns, this.sideBySide(), this.strip, this.hand.columns());
    this.tail.place(this.strip, this.columns.get("flat"), !!this.header.lesson);
    const kernel = this.columns.get("kernel");
    const { element } = this.gradients.ofWeights;
    if (kernel && element.parentElement !== kernel.body) kernel.body.append(element);
    if (kernel) kernel.view.locked = this.header.locked.weights ?? "";
    this.sentence.hidden = !kernel;
    this.slide.player.element.hidden = !this.columns.has("conv");
    if (this.can("input")) this.brush.describe(this.header.brush, this.columns.get("input").bottom.element);
  }

  /** What is folded away is not on screen, unless a step of a lesson says what is. */
  sideBySide() {
    return this.tail.shown(this.header.columns, !!this.header.lesson);
  }

  #tailFolded() {
    return this.sideBySide() !== this.header.columns;
  }

  /** The class whose score or probability is pinned, or else that a lesson's task is about; null where there is none. */
  #askedClass() {
    const view = this.pin && this.model.byNumber.get(this.pin.stage).view;
    if (view === "scores" || view === "probabilities") return this.pin.index[1];
    return this.header.lesson?.goal?.class ?? null;
  }

  #asksTail() {
    return !!this.pin && this.tail.holds(this.model.byNumber.get(this.pin.stage).view);
  }

  /** The tail was folded or unfolded: nothing that is asked stays behind it. */
  #foldTail() {
    const last = this.model.stages.filter(({ view }) => view && !this.tail.holds(view)).at(-1);
    if (this.tail.folded && this.#asksTail()) this.pick({ stage: last.stage, index: this.firstOn(last.view) });
    this.show(this.header);
    this.draw(this.source, false);
  }

  /** @param {string} view */
  #numbers(view) {
    if (view === "kernel") return numbersOfKernel(this.columns.get(view));
    const stage = this.model.ofView(view);
    return numbersOf(this.model, stage, this.shown.channelOf(stage), this.pin);
  }

  /** All that decides how wide and tall each column is, the page aside. */
  #sizes() {
    const columns = this.sideBySide().map(({ view, kind }) => {
      const stage = this.model.ofView(view);
      return { view, kind, shape: stage && this.model.values.get(stage.stage).shape, ring: stage?.ring, field: stage?.field };
    });
    if (this.#tailFolded()) columns.push({ view: "tail", kind: "tail" });
    return { columns, overhang: this.model.overhang, kernel: this.channel.arrays.get(this.header.kernel.array).shape };
  }

  get width() {
    return this.strip.clientWidth;
  }

  layout(draw = true) {
    const { width } = this;
    if (!this.header || !width) return;
    this.columns.get("input").view.overhang = this.model.overhang;
    const { stacked, abreast, tight, looked } = layOut(width, this.#sizes(), this.columns);
    this.dock.hold(this.lesson.crowded);
    this.dock.stack(stacked);
    this.root.classList.toggle("ks-abreast", abreast);
    this.root.classList.toggle("ks-tight", tight);
    this.closeUp.take(looked);
    if (draw) this.draw(this.source ?? "cnn_core", false, false);
  }

  // ---- drawing -----------------------------------------------------------------------------------------------

  /**
   * @param {"preview" | "cnn_core"} source
   * @param {boolean} [tell] whether this is news to those who listen
   * @param {boolean} [anew] whether it may show what was not on screen before
   */
  draw(source, tell = true, anew = true) {
    this.source = source;
    if (source === "cnn_core") this.ledger.letGo();
    if (this.lesson.overview) return; // no stage is in sight
    if (anew) this.draws += 1;
    this.sentence.classList.toggle("ks-stale", source === "preview" && !!this.edits.weights);
    const { model, dark } = this;
    const gradients = this.gradients.shown;
    const coarse = source === "preview";
    // Gradients are cnn_core's alone: under the hand those of before stay until it has answered.
    const late = gradients && coarse && !this.gradients.fresh;
    this.gradients.fresh = false;
    this.late(this.ledger.body, gradients && coarse);
    for (const [view, column] of this.columns) if (view !== "kernel") this.late(column.body, late);
    const how = { shown: this.shown, look: this.look, dark, coarse, of: gradients ? this.of : null, cover: (/** @type {import("../common/model.js").Stage} */ stage) => this.predict.cover(stage, this.shown.channelOf(stage)) };
    const drawn = late ? [] : drawStages(this.columns, model, how);
    const kernel = this.columns.get("kernel");
    if (kernel) drawn.push("kernel", ...this.#drawKernel(kernel));
    const { weight_gradient: dense } = model.ofView("scores") ?? {};
    // It tells the scores: not where they are folded away, or left out of a lesson's step.
    if (this.predict.hides || !this.can("dense") || !this.columns.has("scores")) this.dense.element.hidden = true;
    else this.dense.draw(model, dark, dense ? this.channel.arrays.get(dense) : null, tell ? { source, revision: this.channel.revision } : null);
    this.mark();
    if (tell) for (const view of drawn) announce.drawn({ view, source, revision: this.channel.revision });
  }

  /** @param {import("../common/column.js").Column} column @returns {string[]} what was drawn below its weights */
  #drawKernel(column) {
    const { kernel } = this.header;
    const { arrays } = this.channel;
    const bank = this.model.weights.get(kernel.stage) ?? arrays.get(kernel.array);
    const stage = this.model.byNumber.get(kernel.stage);
    // Without its stage (it does not fit the input) the kernel under the hand is held by the edit alone.
    const painted = this.edits.weights && !stage ? this.edits.weights.values : null;
    drawKernel(column, kernel, bank, painted, { shown: this.shown, dark: this.dark });
    const gradient = stage?.weight_gradient ? { weight: arrays.get(stage.weight_gradient), bias: arrays.get(stage.bias_gradient) } : null;
    // Before it is on screen, where it is about to be: other widths and sizes have other places to hold.
    if (gradient) this.gradients.ofWeights.hold(this.strip, column.body, `${this.width} ${this.laidOut}`);
    else this.standing = null;
    return this.gradients.ofWeights.draw(gradient, this.shown.output, kernel.planes, this.dark);
  }

  mark() {
    const { model, place, pin, hover, shown, columns } = this;
    if (!model || this.lesson.overview) return;
    const term = this.term ?? this.weight.met();
    this.gradients.mark(place);
    const cell = place?.param ? null : place;
    const winner = this.gradients.shown ? null : winnerOf(model, place);
    const marks = marksOf({ model, shown, dark: this.dark }, { cell, pinned: hover ? pin : null, winner, term });
    const { reached } = this.slide;
    for (const [stage, own] of marks) {
      const column = columns.get(stage.view);
      column?.view.drawMarks(own, reached ? veil(model, stage.stage, reached) : null);
      column?.body.classList.toggle("ks-unmade", unmade(model, stage.stage, reached));
    }
    columns.get("kernel")?.view.mark(this.weight.shown);
    this.writeSoon();
  }

  /** @param {import("../common/board.js").Place} place */
  explanation(place) {
    return this.gradients.shown ? this.gradients.backward.explain(place, this.model) : super.explanation(place);
  }

  /** @param {import("../common/model.js").Stage} stage @param {number[]} index @param {string} [param] */
  viewName(stage, index, param) {
    return param ? "kernel_gradient" : super.viewName(stage, index);
  }

  /** @param {any} term */
  showTerm(term) {
    const made = term?.index ? this.model.made(term.stage, term.index) : null;
    this.term = made && { stage: made.stage.stage, index: made.index };
    this.weight.ofTerm(term);
    this.remark();
  }

  /** @param {number} direction */
  nudge(direction) {
    if (this.pin?.stage === -1 && !this.hand.refuses()) super.nudge(direction);
  }

  refuseWord() {
    if (!this.hand.refuses()) super.refuseWord();
  }

  /** @param {string | null} text */
  openEditor(text) {
    if (!this.hand.refuses()) super.openEditor(text);
  }

  /** A class that is asked is the one whose weights are shown; a cell of another map brings its map along. */
  chosen(/** @type {import("../common/board.js").Place} */ place) {
    if (this.predict.asks(place)) this.predict.turnTo(place);
    if (this.model.byNumber.get(place.stage).names) this.dense.choose(place.index[1]);
    this.gradients.follow(place);
    if (place.stage >= 0 && place.index.length === 4 && place.index[1] !== this.shown.output) this.hand.chooseOutput(place.index[1]);
  }

  /** @param {boolean} playing */
  played(playing) {
    this.closeUp.played(playing);
  }

  /** @param {string} view */
  walked(view) {
    this.closeUp.reveal(view);
  }
}
