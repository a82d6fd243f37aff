/**
 * The Explore page: the parts it is put together of, and what a page of stages is asked, which one of them answers.
 * @module
 */

import * as announce from "../common/announce.js";
import { Board } from "../common/board.js";
import { Brush } from "../common/brush.js";
import { Dense } from "../common/dense.js";
import { h, move } from "../common/dom.js";
import { Look } from "../common/look.js";
import { nameOf } from "../common/names.js";
import { Back } from "./back.js";
import { CloseUp } from "./close_up.js";
import { Doors } from "./doors.js";
import { Gradients } from "./gradients.js";
import { Guess } from "./guess.js";
import { Hand } from "./hand.js";
import { LessonPanel, reachedBy } from "./lesson.js";
import { Predict } from "./predict.js";
import { Shown } from "./shown.js";
import { Strip } from "./strip.js";
import { Tail } from "./tail.js";
import { WeightPointer } from "./weight_pointer.js";

/** @typedef {import("../common/board.js").Place} Place */

export class Explore extends Board {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    super("explore");
    const send = (/** @type {any} */ edit) => this.edits.send(edit);
    const tell = (/** @type {string} */ sentence) => this.notice.tell(sentence);
    const look = (/** @type {Place | null} */ place) => this.lookAt(place);
    const model = () => this.model;
    const pin = () => this.pin;
    const redraw = () => this.model && this.draw(this.source, false);
    this.shown = new Shown(model, () => this.header.kernel.linked);
    this.brush = new Brush({ refuse: tell });
    this.tail = new Tail(() => this.#foldTail());
    this.sentence = h("p", { class: "ks-sentence" });
    this.closeUp = new CloseUp({ model, pin, columns: this.columns, channel: this.channel });
    this.look = new Look(redraw);
    this.doors = new Doors(this);
    this.gradients = new Gradients({
      channel: this.channel,
      zoom: this.closeUp.zoom,
      model,
      pin,
      kernel: () => this.header.kernel.stage,
      look,
      keep: (place) => this.keep(place),
      arrived: () => this.answered(),
      tell,
      withdraw: (sentence) => this.notice.withdraw(sentence),
      show: (view) => this.columns.get(view)?.element.scrollIntoView({ block: "nearest" }),
    });
    this.weight = new WeightPointer({
      model,
      stage: () => this.header.kernel.stage,
      kernel: () => this.columns.get("kernel")?.view,
      shown: this.shown,
      place: () => this.place,
      gradients: () => this.gradients.shown,
      revision: () => this.channel.revision,
      look,
      changed: () => {
        this.term = null;
        this.remark();
      },
    });
    this.predict = new Predict({ send: (edit) => this.#predict(edit), back: () => this.focusPinned({ preventScroll: true }), further: (place) => this.guess.further(place) });
    this.guess = new Guess({
      predict: this.predict,
      model,
      pin,
      pinned: (view) => this.pinnedOn(view) !== null,
      idle: ({ target }) => target === document.body || target === this.lesson.title,
      pick: (place) => this.pick(place),
      ask: () => {
        // The field has to be there at once: the question may wait for its frame, or for the pointer to leave another cell.
        this.lookAt(null);
        this.writer.now();
      },
      refuseWord: () => this.refuseWord(),
      tell,
    });
    this.dense = new Dense({
      change: (stage, cells) => {
        this.ledger.hold();
        this.edits.changeDense(stage, cells);
      },
      end: () => this.edits.endDense(),
      send,
      refuse: tell,
      output: () => this.shown.output,
      redraw,
      asked: () => this.#askedClass(),
    });
    this.hand = new Hand(this);
    this.strip = new Strip(this);
    this.lesson = new LessonPanel({ send, open: () => this.doors.photo.open() });
    this.back = new Back({ header: () => this.header, send });
    this.ledger.element.append(this.gradients.sees.element);
    this.share = this.sharing("experiment", ...this.doors.buttons);
    this.menus = h("div", { class: "ks-look" }, this.gradients.backward.element, this.predict.element, this.look.element);
    this.bar = h("div", { class: "ks-bar-top" }, this.menus, this.closeUp.zoom.element);
    const root = h("div", { class: "ks ks-explore" }, this.notice.element, this.busy.element, this.corner, this.lesson.element, this.strip.element, this.sentence, this.bar, this.ledger.element, this.dense.element, this.live, this.doors.commands.dialog.element);
    this.enter(parent, root);
    this.observer.observe(this.strip.element);
    this.doors.photo.acceptDrops(document.body, () => this.columns.get("input")?.element);
  }

  /** @param {import("../common/dock.js").Where} where */
  lay(where) {
    super.lay(where);
    this.#layMenu(where);
  }

  leave() {
    super.leave();
    this.closeUp.leave();
    this.doors.leave();
    this.guess.leave();
    this.back.leave();
    this.dense.leave();
  }

  get zoom() {
    return this.closeUp.zoom;
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

  /** @param {import("../common/model.js").Stage} stage */
  channelOf(stage) {
    return this.shown.channelOf(stage);
  }

  /** Steps of lessons, and the list of them, are places. @param {any} header */
  goesOn(header) {
    return !!header.course;
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
    if (this.predict.begun) queueMicrotask(() => this.#beginToPredict());
    // Once its question is drawn.
    if (this.lesson.entered && this.lesson.asks("predict")) queueMicrotask(() => this.pin && this.predict.asks(this.pin) && this.predict.type(""));
    this.predict.element.hidden = !!lesson; // its card counts
    const goal = lesson?.goal;
    this.dense.aim(goal?.task ?? "", goal ? reachedBy(goal) : "");
    this.doors.describe(header);
    const opened = header.open !== this.opened;
    this.opened = this.channel.open = header.open;
    if (opened) {
      this.shown.output = header.output;
      this.closeUp.begin(header.zoom);
    }
    this.shown.output = Math.min(this.shown.output, header.kernel.outputs.length - 1);
    const { title, sentence, facts } = header.kernel.outputs[this.shown.output];
    this.sentence.replaceChildren(h("b", { text: title }), ` ${sentence} `, h("span", { text: facts }));
    if (!header.course && this.#asksTail()) this.tail.unfold(); // what a link or a file asks about is on screen
    this.strip.place();
    this.sentence.hidden = !this.columns.has("kernel");
    this.slide.player.element.hidden = !this.columns.has("conv");
    if (this.can("input")) this.brush.describe(header.brush, this.columns.get("input").bottom.element);
    this.skip.hidden = !!this.lesson.overview;
    this.dock.hold(this.lesson.crowded);
    this.#layMenu(this.dock.where);
    if (!this.lesson.overview) this.strip.fit(opened); // else no stage is in sight, and none has a size
  }

  /**
   * The menu that has gradients shown goes with the ledger at the window's edge: the kernel's column grows by them, and
   * the bar that the menu was used on comes to lie behind the ledger.
   * @param {import("../common/dock.js").Where} where
   */
  #layMenu(where) {
    if (where === "edge" && this.gradients.shown) move(this.gradients.backward.element, this.ledger.dock);
    else move(this.gradients.backward.element, this.menus, "prepend");
  }

  /** Hide a stage, or say what a hidden cell holds. @param {any} edit */
  #predict(edit) {
    // What is to be predicted, and what is asked, is on screen.
    if (edit.op === "hide" && this.tail.folded && this.tail.holds(edit.value)) this.tail.fold(false);
    if (edit.op === "hide") this.gradients.leave();
    this.edits.send(edit);
  }

  /** A stage was hidden by hand: its first cell is asked at once, as in an exercise. */
  #beginToPredict() {
    const stage = this.model.byNumber.get(this.predict.told.stage);
    const asked = this.pin && this.predict.asks(this.pin) ? this.pin : { stage: stage.stage, index: this.firstOn(stage.view) };
    // A finger would be shown the keyboard, and by key one may be on the way to another stage.
    if (this.predict.byMouse) this.guess.further(asked);
    else this.pick(asked);
  }

  /** @param {Place} place @param {boolean} pinned */
  question(place, pinned) {
    return this.predict.covers(place) ? this.predict.question(place, pinned) : null;
  }

  /** What is hidden is not told, nor what a step of a lesson does not show. @param {string} view */
  onward(view) {
    return this.columns.has(view) && !(this.predict.hides && !this.predict.allOpen);
  }

  /** @param {Place} place */
  verdictOf(place) {
    return this.predict.verdictOf(place);
  }

  /** A step whose task is done leads on by itself. @param {Place} place */
  furtherFrom(place) {
    return this.header.lesson?.goal?.met ? null : this.predict.furtherFrom(place, this.model);
  }

  /** @param {Place | null} place */
  lookAt(place) {
    if (!this.predict.typing) super.lookAt(place);
  }

  /** While gradients are shown, it is they that a gesture waits for. */
  waits() {
    return this.gradients.shown ? [...this.model.waiting] : super.waits();
  }

  /** @param {any} told */
  renewed({ loss }) {
    this.gradients.fresh = true;
    this.gradients.renew(this.header.stages);
    this.gradients.backward.loss = loss;
  }

  /** @param {Place} place */
  holds(place) {
    return place.param ? this.header.backward.value !== "" : super.holds(place);
  }

  /** @param {Place} place */
  inWords(place) {
    if (this.predict.covers(place)) return `${nameOf(this.model, place.stage, place.index)} is hidden: what is it?`;
    const verdict = this.predict.verdictOf(place);
    if (verdict) return `${verdict} ${super.inWords(place)}`;
    return this.gradients.backward.inWords(place, this.model) || super.inWords(place);
  }

  // ---- columns -----------------------------------------------------------------------------------------------

  /** What is folded away is not on screen, unless a step of a lesson says what is. */
  sideBySide() {
    return this.tail.shown(this.header.columns, !!this.header.lesson);
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

  get width() {
    return this.strip.width;
  }

  layout(draw = true) {
    if (!this.header || !this.width) return;
    this.strip.lay();
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
    const { model } = this;
    const drawn = this.strip.draw(source);
    const { weight_gradient: dense } = model.ofView("scores") ?? {};
    // It tells the scores: not where they are folded away, or left out of a lesson's step.
    if (this.predict.hides || !this.can("dense") || !this.columns.has("scores")) this.dense.element.hidden = true;
    else this.dense.draw(model, this.dark, dense ? this.channel.arrays.get(dense) : null, tell ? { source, revision: this.channel.revision } : null);
    this.mark();
    if (tell) for (const view of drawn) announce.drawn({ view, source, revision: this.channel.revision });
  }

  mark() {
    if (!this.model || this.lesson.overview) return;
    this.gradients.mark(this.place);
    this.strip.mark();
    this.writeSoon();
  }

  /** @param {Place} place */
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

  empty() {
    if (!this.hand.refuses()) super.empty();
  }

  refuseWord() {
    if (!this.hand.refuses()) super.refuseWord();
  }

  /** @param {string | null} text */
  openEditor(text) {
    if (!this.hand.refuses()) super.openEditor(text);
  }

  /** A class that is asked is the one whose weights are shown; a cell of another map brings its map along. */
  chosen(/** @type {Place} */ place) {
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
