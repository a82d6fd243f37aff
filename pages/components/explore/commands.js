/**
 * What the page itself does at the press of a button: open a file, show the samples, take a picture, read pasted
 * numbers. Each opens a dialog that can be left by Escape and leaves everything as it was.
 * @module
 */

import { h, setText } from "../common/dom.js";
import { readRows, short } from "../common/format.js";
import { toPng, toSvg } from "./picture.js";

/**
 * @typedef {{
 *   send: (edit: any) => void,
 *   refuse: (sentence: string) => void,
 *   header: () => any,
 *   brush: () => number,
 *   output: () => number,
 *   plane: () => number | null,
 *   kernel: () => number[][],
 *   drawing: (view: string) => import("../common/grid.js").Grid | null,
 *   numbers: (view: string) => {title: string, rows: number[][], names: string[] | null, pinned: {row: number, column: number}},
 *   door: import("./photo_door.js").PhotoDoor,
 *   ui: string,
 * }} CommandHandlers  `ui`: where the server keeps the components' files
 */

const TABLE_MOST = 40; // rows and columns: more are no easier to read, and slow to open

export class Commands {
  /** @param {CommandHandlers} on */
  constructor(on) {
    this.on = on;
    this.body = h("div", { class: "ks-dialog-body" });
    this.title = h("h2");
    const close = h("button", { type: "button", class: "ks-button", "aria-label": "Close", text: "×", onclick: () => this.dialog.close() });
    this.dialog = h("dialog", { class: "ks-dialog", "aria-label": "" }, h("header", {}, this.title, close), this.body);
    this.dialog.addEventListener("close", () => this.#stopCamera());
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
    /** @type {MediaStream | null} */
    this.stream = null;
  }

  leave() {
    this.#stopCamera();
  }

  /** @param {string} command its name, and after a colon the view it concerns */
  run(command) {
    const [name, view] = command.split(":");
    const commands = {
      upload: () => this.on.door.open(),
      samples: () => this.#samples(),
      camera: () => this.#camera(),
      fill: () => this.on.send({ op: "clear", value: this.on.brush() }),
      paste: () => this.#typed("Numbers for the grid", "1 2 3\n4 5 6\n7 8 9", (text) => this.pasteGrid(text)),
      paste_kernel: () => this.#typed("Weights for this kernel", "1 0 -1\n2 0 -2\n1 0 -1", (text) => this.#pasteKernel(text)),
      save_kernel: () => this.#saveKernel(),
      take: () => this.#take(),
      table: () => this.#table(view),
      copy_cell: () => this.#copy(view, ({ rows, pinned }) => [[rows[pinned.row][pinned.column]]], "cell"),
      copy_row: () => this.#copy(view, ({ rows, pinned }) => [rows[pinned.row]], "row"),
      copy_map: () => this.#copy(view, ({ rows }) => rows, "map"),
      large: () => this.on.send({ op: "large", value: view, output: this.on.output() }),
    };
    commands[name]?.();
  }

  /** @param {string} title @param {...Node} children */
  #open(title, ...children) {
    setText(this.title, title);
    this.dialog.setAttribute("aria-label", title);
    this.body.replaceChildren(...children);
    this.dialog.showModal();
  }

  async #samples() {
    let samples;
    try {
      samples = await (await fetch(`${this.on.ui}/samples.json`)).json();
    } catch {
      this.on.refuse("The server did not answer, so the samples cannot be shown. Try again.");
      return;
    }
    const cards = samples.map((/** @type {any} */ { name, title, sentence, licence }) =>
      h(
        "button",
        {
          type: "button",
          class: "ks-sample",
          onclick: () => {
            this.dialog.close();
            this.on.send({ op: "sample", value: name });
          },
        },
        h("img", { src: `${this.on.ui}/samples/${name}.png`, alt: "", width: 96, height: 96, loading: "lazy" }),
        h("strong", { text: title }),
        h("span", { text: sentence }),
        h("small", { text: licence }),
      ),
    );
    this.#open("Sample pictures", h("div", { class: "ks-samples" }, ...cards));
  }

  /** @param {string} title @param {string} example @param {(text: string) => string | null} take why not, or null */
  #typed(title, example, take) {
    const field = h("textarea", { rows: 8, placeholder: example, "aria-label": title, spellcheck: "false" });
    const problem = h("p", { class: "ks-problem", role: "alert" });
    const use = h("button", {
      type: "button",
      class: "ks-button ks-primary",
      text: "Use them",
      onclick: () => {
        const why = take(field.value);
        setText(problem, why ?? "");
        if (!why) this.dialog.close();
      },
    });
    const how = h("p", { class: "ks-quiet", text: "A row a line; numbers set apart by spaces, tabs or semicolons, as a spreadsheet copies them." });
    this.#open(title, how, field, problem, use);
    field.focus();
  }

  /**
   * Take a text of numbers as the grid.
   * @param {string} text
   * @returns {string | null} why not
   */
  pasteGrid(text) {
    const { rows, why } = readRows(text);
    if (why) return why;
    this.on.send({ op: "grid", value: rows });
    return null;
  }

  /** @param {string} text */
  #pasteKernel(text) {
    this.on.send({ op: "kernel_text", output: this.on.output(), plane: this.on.plane(), value: text });
    return null;
  }

  /**
   * Put numbers into the clipboard as a spreadsheet takes them, to the last digit.
   * @param {string} view
   * @param {(numbers: ReturnType<CommandHandlers["numbers"]>) => number[][]} choose
   * @param {string} what
   */
  async #copy(view, choose, what) {
    const numbers = this.on.numbers(view);
    try {
      await navigator.clipboard.writeText(choose(numbers).map((row) => row.join("\t")).join("\n"));
      const place = what === "map" ? "" : what === "row" ? `, row ${numbers.pinned.row}` : ` [${numbers.pinned.row}, ${numbers.pinned.column}]`;
      this.on.refuse(`Copied: ${numbers.title}${place}, as numbers.`);
    } catch {
      this.on.refuse("The browser keeps the clipboard to itself; take the CSV file away instead.");
    }
  }

  /** A map as a real table: all of a small one, of a large one the part around the pinned cell. @param {string} view */
  #table(view) {
    const { title, rows, names, pinned } = this.on.numbers(view);
    const part = (/** @type {number} */ at, /** @type {number} */ size) => {
      const first = Math.max(0, Math.min(size - TABLE_MOST, at - (TABLE_MOST >> 1)));
      return [first, Math.min(size, first + TABLE_MOST)];
    };
    const [top, bottom] = part(pinned.row, rows.length);
    const [left, right] = part(pinned.column, rows[0].length);
    const whole = bottom - top === rows.length && right - left === rows[0].length;
    const caption = whole ? `${rows.length} × ${rows[0].length} numbers` : `Rows ${top} to ${bottom - 1} and columns ${left} to ${right - 1} of ${rows.length} × ${rows[0].length}, around the chosen cell. Take away has them all.`;
    const columns = Array.from({ length: right - left }, (_, k) => k + left);
    const table = h(
      "table",
      { class: "ks-table" },
      h("caption", { text: caption }),
      h("thead", {}, h("tr", {}, h("td", {}), ...columns.map((k) => h("th", { scope: "col", text: names ? "value" : String(k) })))),
      h("tbody", {}, ...rows.slice(top, bottom).map((row, k) => h("tr", {}, h("th", { scope: "row", text: names?.[top + k] ?? String(top + k) }), ...columns.map((c) => h("td", { text: short(row[c], 6) }))))),
    );
    this.#open(title, h("div", { class: "ks-table-frame", tabindex: "0", role: "region", "aria-label": `${title} as a table` }, table));
  }

  #saveKernel() {
    const { label } = this.on.header().kernel.outputs[this.on.output()];
    const file = { kernelscope: "kernel", version: 1, name: label, weights: this.on.kernel() };
    download(new Blob([JSON.stringify(file, null, 1)], { type: "application/json" }), `${label.replace(/[^\w-]+/g, "_")}.kernel.json`);
  }

  #take() {
    const { session, columns } = this.on.header();
    const from = (/** @type {string} */ name, /** @type {string} */ text) =>
      h("a", { class: "ks-button", href: `${this.on.ui}/take/${session}/${name}`, download: name, text });
    const whole = h(
      "ul",
      { class: "ks-take-whole" },
      h("li", {}, from("scenario.json", "Scenario file"), h("span", { text: "everything, the picture included; Upload opens it again" })),
      h("li", {}, from("trace.npz", "Whole trace, NPZ"), h("span", { text: "input, every stage and every weight as NumPy arrays" })),
      h("li", {}, from("reproduce.py", "NumPy script"), h("span", { text: "computes the same numbers again, to the last bit, without this app" })),
    );
    const rows = columns
      .filter((/** @type {any} */ column) => column.view !== "kernel" && column.kind !== "missing")
      .map((/** @type {any} */ { view, title }) => {
        const grid = this.on.drawing(view);
        const draw = (/** @type {string} */ label, /** @type {() => void} */ act) => h("button", { type: "button", class: "ks-button", text: label, onclick: act });
        return h(
          "tr",
          {},
          h("th", { scope: "row", text: title }),
          h("td", {}, grid && draw("PNG", async () => download(await toPng(grid), `${view}.png`))),
          h("td", {}, grid && draw("SVG", () => download(toSvg(grid, title), `${view}.svg`))),
          h("td", {}, from(`${view}.csv`, "CSV")),
          h("td", {}, from(`${view}.npz`, "NPZ")),
        );
      });
    const table = h("table", { class: "ks-take" }, h("caption", { text: "One stage, as it is shown or as numbers" }), h("tbody", {}, ...rows));
    this.#open("Take away", whole, table);
  }

  // ---- camera ------------------------------------------------------------------------------------------------

  async #camera() {
    if (!navigator.mediaDevices?.getUserMedia) {
      this.on.refuse("This browser gives no camera to this page: it needs https or localhost. Upload a picture instead.");
      return;
    }
    const video = h("video", { autoplay: true, playsinline: true, muted: true, "aria-label": "what the camera sees" });
    const take = h("button", { type: "button", class: "ks-button ks-primary", text: "Take the picture", disabled: true });
    const wait = h("p", { class: "ks-quiet", text: "Waiting for the camera…" });
    this.#open("Camera", wait, video, take);
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { width: 1280, height: 960 } });
    } catch (error) {
      this.dialog.close();
      const refused = error instanceof DOMException && error.name === "NotAllowedError";
      this.on.refuse(refused ? "The browser was told to keep the camera to itself. Allow it beside the address, or upload a picture." : "No camera was found. Upload a picture instead.");
      return;
    }
    if (!this.dialog.open) {
      this.#stopCamera(); // left while the browser was asking
      return;
    }
    video.srcObject = this.stream;
    video.addEventListener("loadedmetadata", () => {
      setText(wait, "The picture goes to this server alone.");
      take.disabled = false;
    });
    take.addEventListener("click", () => {
      const canvas = h("canvas", { width: video.videoWidth, height: video.videoHeight });
      canvas.getContext("2d").drawImage(video, 0, 0);
      canvas.toBlob((blob) => {
        if (blob) this.on.door.take(new File([blob], "camera.png", { type: "image/png" }));
        this.dialog.close();
      });
    });
  }

  #stopCamera() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
  }
}

/**
 * Hand a file to the browser.
 * @param {Blob} blob
 * @param {string} name
 */
export function download(blob, name) {
  const link = h("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
