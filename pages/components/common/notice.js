/**
 * The server's or the page's last sentence to the visitor.
 *
 * It lies over the page instead of pushing it down: the cell under the pointer stays under the pointer. What takes a
 * change back stays in reach beside it.
 * @module
 */

import { h, setText } from "./dom.js";
import { Passing } from "./passing.js";

const APART = 12; // px from what must stay in reach
const EDGE = 16; // px from the window's

export class Notice {
  /** @param {() => HTMLElement | null} [inReach] what it must not cover */
  constructor(inReach = () => null) {
    this.inReach = inReach;
    this.sentence = h("p", { role: "status" });
    const close = h("button", { type: "button", class: "ks-button", "aria-label": "Close this message", text: "×", onclick: () => this.tell("") });
    this.element = h("div", { class: "ks-notice", hidden: true }, this.sentence, close);
    this.passing = new Passing(this.element, () => this.tell(""));
    /** The server's last sentence, and with the revision it belongs to. */
    this.served = "";
    this.news = "";
  }

  /**
   * @param {string} sentence "" for none
   * @param {boolean} [passes] whether it goes by itself
   */
  tell(sentence, passes = false) {
    if (passes) this.passing.begin();
    else this.passing.stop();
    setText(this.sentence, sentence);
    this.element.hidden = sentence === "";
    this.place();
  }

  /** What this sentence said is no longer true; another one that has come since stays. @param {string} sentence */
  withdraw(sentence) {
    if (this.sentence.textContent === sentence) this.tell("");
  }

  /** In the middle of the window, or as far to the left of it as what must stay in reach asks for. */
  place() {
    const { element } = this;
    const kept = this.inReach();
    if (element.hidden || !kept?.isConnected) return;
    Object.assign(element.style, { left: "", maxWidth: "" });
    const { right, bottom, width } = element.getBoundingClientRect();
    const beside = kept.getBoundingClientRect();
    // The message stays where it is when the page is scrolled to its top, and there it must not cover it either.
    const top = beside.top + (element.closest(".stMain")?.scrollTop ?? 0);
    const end = beside.left - APART;
    if (top >= bottom || right <= end || end < width / 2) return;
    const room = Math.min(Math.ceil(width), end - EDGE);
    element.style.maxWidth = `${room}px`;
    element.style.left = `${end - room / 2}px`;
  }

  /**
   * Only news, and where there are none the server's own sentence alone goes: one that the page wrote itself must outlive
   * the answer to the edit it spoke of, whatever the server said before.
   * @param {any} header
   */
  arrived({ notice, revision, uploads }) {
    const news = notice && `${revision} ${uploads} ${notice}`;
    if (!notice) this.withdraw(this.served);
    else if (news !== this.news) this.tell(notice);
    Object.assign(this, { served: notice, news });
  }
}
