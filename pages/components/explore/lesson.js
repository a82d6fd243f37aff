/**
 * A lesson beside the live page: its text, its formulas with the numbers plugged in, its task and the way on. All words
 * come as data, a teacher's too, and are only ever set as text.
 * @module
 */

import { wellBroken } from "../common/breaks.js";
import { h, setText } from "../common/dom.js";
import { doorTo } from "../common/menu.js";
import { setRaised } from "../common/power.js";

/**
 * @typedef {{name: string, rule: string, here: string}} Formula
 * @typedef {{task: string, kind: string, class: number | null, met: boolean, told: string, answer: string, clues: string[], more: boolean}} Goal
 * @typedef {{
 *   name: string, title: string, kind: string, number: number, steps: {title: string, done: boolean}[], heading: string, note: string,
 *   paragraphs: string[], formulas: Formula[], goal: Goal | null, beside: boolean, descends: boolean, predicts: boolean, gradients: boolean,
 *   next: {name: string, title: string} | null,
 * }} Lesson  as pages/shared/learn/told.py describes it
 * @typedef {{name: string, title: string, about: string, kind: string, steps: number, done: number}} Entry
 */

export class LessonPanel {
  /** @param {{send: (edit: any) => void, open: () => void}} on `open`: choose a lesson file */
  constructor(on) {
    this.on = on;
    this.element = h("section", { class: "ks-lesson", "aria-label": "Lesson", hidden: true });
    this.course = h("div", { class: "ks-course" });
    const button = (/** @type {string} */ text, /** @type {any} */ edit, title = "") => h("button", { type: "button", class: "ks-button", text, title, onclick: () => on.send(typeof edit === "function" ? edit() : edit) });
    this.all = button("‹ All lessons", { op: "overview" });
    this.title = h("h2", { tabindex: "-1" });
    this.steps = h("ol", { class: "ks-steps", "aria-label": "Steps" });
    this.heading = h("h3");
    this.text = h("div", { class: "ks-lesson-words" });
    this.note = h("p", { class: "ks-lesson-note" });
    this.formulas = h("div", { class: "ks-formulas" });
    this.task = h("p", { class: "ks-task" });
    this.told = h("p", { class: "ks-told", role: "status" });
    this.field = h("input", { type: "text", class: "ks-words ks-guess", autocomplete: "off", spellcheck: "false", "aria-label": "Your answer" });
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.repeat) this.#answer();
    });
    this.answer = h("span", { class: "ks-ask" }, this.field, h("button", { type: "button", class: "ks-button ks-primary", text: "Check", onclick: () => {
      if (!this.field.value.trim()) this.field.focus();
      this.#answer();
    } }));
    this.clue = button("Hint", { op: "clue" });
    this.clues = h("ul", { class: "ks-clues" });
    this.goal = h("div", { class: "ks-goal" }, this.task, h("div", { class: "ks-goal-row" }, this.answer, this.told, this.clue), this.clues);
    this.again = button("Begin again", { op: "again" }, "As this step was when it opened");
    this.down = button("One step downhill", { op: "descend" }, "Each weight a little against its gradient");
    this.down.classList.add("ks-primary");
    this.back = button("‹ Back", () => ({ op: "step", value: this.lesson.number - 1 }));
    this.next = h("button", { type: "button", class: "ks-button", onclick: () => on.send(this.following) });
    this.foot = h("div", { class: "ks-lesson-foot" }, this.down, this.again, h("span", { class: "ks-space" }), this.back, this.next);
    this.step = h(
      "div",
      { class: "ks-step" },
      h("div", { class: "ks-lesson-head" }, this.all, this.title, this.steps),
      h("div", { class: "ks-lesson-body" }, h("div", { class: "ks-lesson-text" }, this.heading, this.note, this.text), this.formulas),
      this.goal,
      this.foot,
    );
    this.element.append(this.course, this.step);
    /** @type {Lesson | null} */
    this.lesson = null;
    this.written = "";
    this.at = "";
    /** Whether what was described last is a step that has just been come to. */
    this.entered = false;
  }

  /** Whether the list of lessons is in sight, and no stage. */
  get overview() {
    return !this.element.hidden && !this.lesson;
  }

  /** Whether the first screen is wanted for the stages below the words, or for the controls that a task asks for. */
  get crowded() {
    const { lesson } = this;
    if (!lesson || lesson.predicts) return false; // the ledger asks for what is predicted
    // From which width on the words stand beside the stages, the style alone knows.
    const beside = getComputedStyle(this.element).float !== "none";
    return !beside || !!lesson.goal;
  }

  /** Whether the step's goal is of this kind and is open, where a field may have the focus unasked. @param {string} kind */
  asks(kind) {
    const { goal } = this.lesson ?? {};
    return goal?.kind === kind && !goal.met && !matchMedia("(pointer: coarse)").matches;
  }

  #answer() {
    this.on.send({ op: "answer", value: this.field.value });
  }

  /**
   * @param {{lesson: Lesson | null, course?: Entry[]}} header
   * @param {HTMLElement} root of the page
   */
  describe({ lesson, course }, root) {
    this.element.hidden = !course;
    root.classList.toggle("ks-overview", !!course && !lesson);
    root.classList.toggle("ks-taught", !!lesson);
    root.classList.toggle("ks-words-beside", !!lesson?.beside);
    if (!course) return;
    this.lesson = lesson;
    this.course.hidden = !!lesson;
    this.step.hidden = !lesson;
    const at = lesson ? `${lesson.name} ${lesson.number}` : "";
    // Whoever goes on to another step begins to read at its top.
    const moved = this.at !== at && this.at !== "new";
    if (lesson) this.#step(lesson);
    else this.#overview(course);
    this.entered = moved && !!this.begun && !!lesson;
    if (moved && this.begun) {
      // Whoever is asked a number can type it; a finger would be shown the keyboard before the words.
      if (lesson) (this.asks("answer") && !this.answer.hidden ? this.field : this.title).focus({ preventScroll: true });
      root.closest(".stMain")?.scrollTo({ top: 0 });
    }
    this.begun = true;
    this.at = at;
  }

  /** @param {Entry[]} course */
  #overview(course) {
    const written = JSON.stringify(course);
    if (written === this.written) return;
    this.written = written;
    const card = (/** @type {Entry} */ { name, title, about, kind, steps, done }) =>
      h(
        "button",
        { type: "button", class: "ks-sample ks-lesson-card", onclick: () => this.on.send({ op: "lesson", value: name }) },
        h("strong", { text: title }),
        h("span", { text: about }),
        h("small", { text: done === steps ? "✓ done" : kind === "exercise" ? "" : done ? `${done} of ${steps} steps done` : `${steps} steps` }),
      );
    const part = (/** @type {string} */ title, /** @type {string} */ kind) =>
      h("section", { "aria-label": title }, h("h2", { text: title }), h("div", { class: "ks-samples" }, ...course.filter((each) => each.kind === kind).map(card)));
    const exercises = course.filter(({ kind }) => kind === "exercise");
    const solved = exercises.filter(({ steps, done }) => done === steps).length;
    const open = h("button", { type: "button", class: "ks-button", text: "Open a lesson file…", onclick: this.on.open });
    const tally = h("p", { class: "ks-quiet", text: solved ? `${solved} of ${exercises.length} exercises done.` : "A lesson takes about three minutes; exercises can be done in any order." });
    this.course.replaceChildren(tally, part("Lessons", "lesson"), part("Exercises", "exercise"), h("div", { class: "ks-own-lesson" }, open, ownLesson()));
  }

  /** @param {Lesson} lesson */
  #step(lesson) {
    const { number, steps, goal } = lesson;
    setText(this.title, lesson.title);
    while (this.steps.children.length > steps.length) this.steps.lastChild.remove();
    while (this.steps.children.length < steps.length) {
      const k = this.steps.children.length;
      this.steps.append(h("li", {}, h("button", { type: "button", class: "ks-step-dot", onclick: () => this.on.send({ op: "step", value: k }) })));
    }
    this.steps.hidden = steps.length < 2;
    steps.forEach(({ title, done }, k) => {
      const dot = /** @type {HTMLElement} */ (this.steps.children[k].firstChild);
      setText(dot, done ? "✓" : String(k + 1));
      dot.title = title;
      dot.setAttribute("aria-label", `Step ${k + 1}${title ? `: ${title}` : ""}${done ? ", done" : ""}`);
      if (k === number) dot.setAttribute("aria-current", "step");
      else dot.removeAttribute("aria-current");
    });
    setText(this.heading, lesson.heading);
    this.heading.hidden = !lesson.heading;
    setText(this.note, lesson.note);
    this.note.hidden = !lesson.note;
    lines(this.text, "p", lesson.paragraphs);
    this.#formulas(lesson.formulas);
    this.#goal(goal);
    this.down.hidden = !lesson.descends;
    this.back.hidden = number === 0;
    const last = number === steps.length - 1;
    this.following = !last ? { op: "step", value: number + 1 } : lesson.next ? { op: "lesson", value: lesson.next.name } : { op: "overview" };
    setText(this.next, !last ? "Next ›" : lesson.next ? `${lesson.next.title} ›` : "All lessons ›");
    this.next.classList.toggle("ks-primary", !goal || goal.met);
  }

  /** @param {Formula[]} formulas */
  #formulas(formulas) {
    this.formulas.hidden = !formulas.length;
    while (this.formulas.children.length > formulas.length) this.formulas.lastChild.remove();
    while (this.formulas.children.length < formulas.length) this.formulas.append(h("div", { class: "ks-formula" }, h("h4"), h("p", { class: "ks-rule" }), h("p", { class: "ks-here" })));
    formulas.forEach(({ name, rule, here }, k) => {
      const [title, general, plugged] = this.formulas.children[k].children;
      setText(title, name);
      setRaised(general, rule);
      setRaised(plugged, wellBroken(here));
    });
  }

  /** @param {Goal | null} goal */
  #goal(goal) {
    this.goal.hidden = !goal;
    if (!goal) return;
    setText(this.task, goal.task);
    setText(this.told, reachedBy(goal));
    this.goal.classList.toggle("ks-met", goal.met);
    this.answer.hidden = goal.kind !== "answer";
    if (document.activeElement !== this.field) this.field.value = goal.answer;
    this.clue.hidden = !goal.more || goal.met;
    lines(this.clues, "li", goal.clues);
  }
}

/** Where a teacher looks who wants to make one. */
function ownLesson() {
  const explore = h("a", { class: "ks-link", href: "./", text: "Explore" });
  explore.addEventListener("click", (event) => {
    const door = doorTo("/");
    if (!door || event.ctrlKey || event.metaKey || event.shiftKey) return; // its address leads there too
    event.preventDefault();
    door.click();
  });
  return h("p", { class: "ks-quiet" }, "To make a lesson of your own, set up a scene on ", explore, " and press “Teach…”.");
}

/** How far a task is. @param {Goal} goal */
export function reachedBy({ met, told }) {
  return met ? `✓ Done. ${told}` : told;
}

/** One element a text. @param {HTMLElement} parent @param {"p" | "li"} tag @param {string[]} texts */
function lines(parent, tag, texts) {
  while (parent.children.length > texts.length) parent.lastChild.remove();
  while (parent.children.length < texts.length) parent.append(h(tag));
  texts.forEach((text, k) => setText(parent.children[k], text));
}
