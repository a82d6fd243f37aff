/**
 * The way to Python and back: edits go out in order and none is lost, arrays come in and are sent only once.
 *
 * Several state values set in one tick reach the server as the last one alone, so each message carries every edit
 * that has not been answered yet; the server skips those it knows by their revision.
 * @module
 */

import { unpack } from "./blob.js";
import { identity } from "./identity.js";

const NEEDS_PAGE = ["large"]; // edits that are answered by something beside the component

export class Channel {
  /**
   * @param {((message: any) => Promise<Uint8Array>) | null} [ask] the short way to Python and back
   * @param {(bytes: Uint8Array) => void} [arrived] takes in what came by it
   */
  constructor(ask = null, arrived = () => {}) {
    this.session = "";
    /** Counts edits, and uploads, whose draws carry a number of their own too. */
    this.revision = 0;
    /** The newest edit that was sent: an older answer is not what is on screen. */
    this.sent = 0;
    /** @type {any[]} */
    this.unanswered = [];
    /** The last pinned cell that was sent, and how many were chosen: an answer to an older one is not news. */
    this.pin = /** @type {any} */ (null);
    this.pins = 0;
    /** Which kernel's maps are looked at. */
    this.output = 0;
    /** What the gradients on screen are of, "" where values are shown; a page that knows of none says nothing. @type {string | undefined} */
    this.target = undefined;
    /** The name of what is open: what an older one was looked at like is no news. @type {string | undefined} */
    this.open = undefined;
    /** How close the maps are looked at: zoom, and the row and column of the input in the middle; null for all of them; undefined likewise. @type {number[] | null | undefined} */
    this.zoom = undefined;
    /** @type {Map<string, import("./blob.js").Tensor>} */
    this.arrays = new Map();
    /** Entries of the header's lists that seldom change, by the name of their content. @type {Map<string, any>} */
    this.entries = new Map();
    /** @type {string[]} */
    this.promised = [];
    /** Names of the arrays that the gesture under way was lent. @type {string[]} */
    this.lent = [];
    /** The framework's way to Python: a run of the page follows. @type {(name: string, value: any) => void} */
    this.setStateValue = () => {};
    /** The short way, where there is one. @type {((message: any) => Promise<Uint8Array>) | null} */
    this.ask = ask;
    /** Takes in what came by the short way. @type {(bytes: Uint8Array) => void} */
    this.arrived = arrived;
    /** How many questions went the short way, and the newest that was answered: an older one's answer is no news. */
    this.asked = this.answered = 0;
  }

  /** A new edit begins: its draws will carry this number. */
  next() {
    this.revision += 1;
    return this.revision;
  }

  /**
   * Hold a previewed tensor by the name of its content: where cnn_core computes the very same bits, its answer names
   * them and they need not travel. Any other bit, and the array comes as usual.
   * @param {import("./blob.js").Tensor[]} tensors
   */
  offer(tensors) {
    const held = new Set(this.arrays.values());
    for (const tensor of tensors) if (!held.has(tensor)) this.arrays.set(identity(tensor), tensor);
  }

  /** @param {any} edit with the revision it began with */
  send(edit) {
    this.sent = edit.revision;
    this.unanswered.push(edit);
    this.#post();
  }

  /** @param {{stage: number, index: number[]}} pin */
  sendPin(pin) {
    this.pin = { ...pin, count: this.pins };
    this.#post();
  }

  /** @param {number} output the kernel that is looked at from now on */
  sendOutput(output) {
    this.output = output;
    this.#post();
  }

  /** @param {string} code of what gradients are shown from now on, "" for none */
  sendTarget(code) {
    this.target = code;
    this.#post();
  }

  /** Ask to be shown again what an earlier session showed. @param {string} session */
  resume(session) {
    const have = [...this.arrays.keys(), ...this.entries.keys()];
    this.promised = have;
    this.#go({ session: this.session, edits: [], pin: null, output: this.output, have, resume: session });
  }

  /** @param {number[] | null} zoom how close the maps are looked at from now on */
  sendZoom(zoom) {
    this.zoom = zoom;
    this.#post();
  }

  #post(have = [...this.arrays.keys(), ...this.entries.keys()]) {
    this.promised = have;
    this.#go({ session: this.session, edits: this.unanswered, pin: this.pin, output: this.output, target: this.target, zoom: this.zoom, open: this.open, have });
  }

  /** @param {any} message */
  async #go(message) {
    // Without a session there is no one to ask: a page that was just opened and lacks arrays that the last one held.
    if (!this.ask || !message.session || message.edits.some((/** @type {any} */ { op }) => NEEDS_PAGE.includes(op))) {
      this.setStateValue("message", message);
      return;
    }
    this.asked += 1;
    const number = this.asked;
    let bytes;
    try {
      bytes = await this.ask(message);
    } catch {
      // A server that was started anew, say: the framework finds its way back to it.
      this.setStateValue("message", message);
      return;
    }
    // Each question holds all that is not answered yet, and where one looks by now.
    if (number < this.answered) return;
    this.answered = number;
    this.arrived(bytes);
  }

  /**
   * Take in what Python sent.
   * @param {Uint8Array} bytes
   * @returns {any | null} the header, or null where it is older than what is on screen
   */
  receive(bytes) {
    const { header, arrays } = unpack(bytes);
    for (const [id, tensor] of arrays) this.arrays.set(id, tensor);
    for (const [id, entry] of Object.entries(header.entries)) this.entries.set(id, entry);
    /** @type {string[]} */
    const named = Object.values(header.lists).flat();
    const lost = (/** @type {Map<string, any>} */ held) => (/** @type {string} */ id) => !held.has(id);
    if (named.some(lost(this.entries)) || header.needs.some(lost(this.arrays))) {
      // A page that was left and entered again, or a reconnected one: the server remembers more than is here. Ask for
      // everything again.
      if (header.session === this.session) this.#post([]);
      else this.#go({ session: header.session, edits: [], have: [] });
      return null;
    }
    for (const [field, ids] of Object.entries(header.lists)) header[field] = ids.map((/** @type {string} */ id) => this.entries.get(id));
    if (header.session !== this.session) {
      this.session = header.session;
      this.unanswered = [];
      this.revision = header.revision;
      this.sent = header.revision;
      this.pins = header.pin_count;
    }
    this.unanswered = this.unanswered.filter((edit) => edit.revision > header.revision);
    if (header.revision < this.sent) return null;
    this.revision = Math.max(this.revision, header.revision);
    return header;
  }

  /**
   * A gesture is lent what cnn_core computed for it; what it was lent before was looked at and is kept by nobody.
   * @param {Map<string, import("./blob.js").Tensor>} arrays
   */
  lend(arrays) {
    for (const name of this.lent) if (!arrays.has(name)) this.arrays.delete(name);
    this.lent = [...arrays.keys()].filter((name) => this.lent.includes(name) || !this.arrays.has(name));
    for (const [name, tensor] of arrays) this.arrays.set(name, tensor);
  }

  /**
   * A header is on screen from now on: what neither it names nor the next answer may is let go. Not sooner, as one that
   * comes late, or under a gesture, leaves on screen what an earlier one named.
   * @param {any} header as `receive` gave it
   */
  shows(header) {
    this.lent = [];
    const named = new Set([...header.needs, ...Object.values(header.lists).flat(), ...this.promised]);
    for (const held of [this.arrays, this.entries]) for (const id of held.keys()) if (!named.has(id)) held.delete(id);
  }
}
