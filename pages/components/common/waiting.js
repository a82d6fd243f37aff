/**
 * What the server has not answered yet: uploads, long computing, and those who want its word on an edit.
 * @module
 */

/** @typedef {{op: string, revision: number}} Sent */

const NO_WAY_BACK = ["undo", "redo", "call_off"];

export class Waiting {
  /**
   * @param {{
   *   busy: import("./busy.js").Busy,
   *   channel: import("./channel.js").Channel,
   *   send: (edit: any) => void,
   *   header: () => any,
   * }} on
   */
  constructor(on) {
    this.on = on;
    /** The last upload that was called off, by its number. */
    this.calledOff = 0;
    /** @type {{sent: number, resolve: (notice: string) => void}[]} */
    this.asked = [];
  }

  /** A file is on its way to the server, past the channel. @param {string} name */
  upload(name) {
    const { busy, channel, send, header } = this.on;
    // One that was called off and never came must not have the server pass over this one.
    if (this.calledOff > header().uploads) send({ op: "call_off", way: "upload", value: 0 });
    const number = header().uploads + 1;
    channel.next();
    busy.begin({
      what: `Reading ${name}…`,
      outlasts: true,
      done: ({ uploads }) => uploads >= number,
      callOff: () => {
        this.calledOff = number;
        send({ op: "call_off", way: "upload", value: number });
      },
    });
  }

  /** @param {Sent} edit that went out */
  answer({ op, revision }) {
    const { busy, send } = this.on;
    if (busy.job?.outlasts) return;
    const callOff = () => send({ op: "call_off", way: "edit", value: revision });
    busy.begin({ what: "Computing…", done: (header) => header.revision >= revision, callOff: NO_WAY_BACK.includes(op) ? null : callOff });
  }

  /** Send an edit and wait for the server's word on it: why not, or "". @param {any} edit @returns {Promise<string>} */
  ask(edit) {
    this.on.send(edit);
    const { sent } = this.on.channel;
    return new Promise((resolve) => this.asked.push({ sent, resolve }));
  }

  /** The server has answered. @param {any} header */
  arrived(header) {
    this.on.busy.arrived(header);
    const open = this.asked.filter(({ sent }) => sent > header.revision);
    for (const each of this.asked) if (!open.includes(each)) each.resolve(header.notice);
    this.asked = open;
  }
}
