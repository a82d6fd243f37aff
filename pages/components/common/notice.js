/**
 * The server's or the page's last sentence to the visitor.
 *
 * It lies over the page instead of pushing it down: the cell under the pointer stays under the pointer.
 * @module
 */

import { h, setText } from "./dom.js";

export class Notice {
  constructor() {
    this.sentence = h("p", { role: "status" });
    const close = h("button", { type: "button", class: "ks-button", "aria-label": "Close this message", text: "×", onclick: () => this.tell("") });
    this.element = h("div", { class: "ks-notice", hidden: true }, this.sentence, close);
    /** The server's last sentence and the revision it belongs to. */
    this.news = "";
  }

  /** @param {string} sentence "" for none */
  tell(sentence) {
    setText(this.sentence, sentence);
    this.element.hidden = sentence === "";
  }

  /** Only news: a sentence that the page wrote itself must outlive the answer to the edit it spoke of. @param {any} header */
  arrived({ notice, revision, uploads }) {
    const news = notice && `${revision} ${uploads} ${notice}`;
    if (news !== this.news) this.tell(notice);
    this.news = news;
  }
}
