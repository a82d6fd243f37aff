/**
 * Keeps the address and the session of a page that has no pictures of its own.
 * @module
 */

import { Channel } from "../common/channel.js";
import { h } from "../common/dom.js";
import { keep, takeUp } from "../common/keep.js";
import { Notice } from "../common/notice.js";

export class Keeper {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.channel = new Channel();
    this.notice = new Notice();
    this.root = h("div", { class: "ks" }, this.notice.element);
    parent.append(this.root);
  }

  leave() {
    this.root.remove();
  }

  /** @param {Uint8Array} data @param {(name: string, value: any) => void} setStateValue */
  receive(data, setStateValue) {
    this.channel.setStateValue = setStateValue;
    if (data === this.lastData) return;
    this.lastData = data;
    const header = this.channel.receive(data);
    if (!header) return;
    const resuming = !this.header && takeUp(header, this.channel);
    this.header = header;
    // Of a session that is about to be taken up again only its own words count, and it stays the one to be found.
    if (!resuming) {
      keep(header.link, header.session);
      this.notice.arrived(header);
    }
  }
}
