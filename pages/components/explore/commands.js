/**
 * What the page itself does at the press of a button: open a file, show the samples, take a picture, read pasted
 * numbers. Each opens a dialog that can be left by Escape and leaves everything as it was.
 * @module
 */

import { Dialog } from "../common/dialog.js";
import { h, setText } from "../common/dom.js";
import { readRows } from "../common/format.js";
import { kernelPicture } from "../common/kernel_picture.js";
import { tableOf } from "../common/table.js";
import { toPng, toSvg } from "../common/picture.js";

/**
 * @typedef {{
 *   send: (edit: any) => void,
 *   refuse: (sentence: string) => void,
 *   header: () => any,
 *   brush: () => number,
 *   shown: import("./shown.js").Shown,
 *   ask: (edit: any) => Promise<string>,
 *   busy: import("../common/busy.js").Busy,
 *   dark: () => boolean,
 *   stages: () => any[],
 *   drawing: (view: string) => import("../common/picture.js").Plane,
 *   numbers: (view: string) => import("../common/table.js").Numbers,
 *   gradient: (view: string) => boolean,
 *   of: () => string,
 *   door: import("./photo_door.js").PhotoDoor,
 *   ui: string,
 * }} CommandHandlers  `ask` sends an edit and waits for why it was refused, "" where it was not; `gradient`: whether a view
 *   shows its gradient, `of` what; `ui`: where the server keeps the components' files
 */

export class Commands {
  /** @param {CommandHandlers} on */
  constructor(on) {
    this.on = on;
    this.dialog = new Dialog(() => this.#closed());
    /** @type {MediaStream | null} */
    this.stream = null;
  }

  leave() {
    this.dialog.close();
    this.#stopCamera();
  }

  /** @param {string} command its name, and after a colon the view it concerns */
  run(command) {
    const [name, view] = command.split(":");
    const commands = {
      upload: () => this.on.door.open(),
      samples: () => this.#samples(),
      library: () => this.#library(),
      camera: () => this.#camera(),
      fill: () => this.on.send({ op: "clear", value: this.on.brush() }),
      paste: () => this.#typed("Numbers for the grid", "A row a line; numbers set apart by spaces, tabs or semicolons, as a spreadsheet copies them, or in brackets, as Python prints them.", "1 2 3\n4 5 6\n7 8 9", (text) => this.pasteGrid(text)),
      paste_kernel: () => this.#typed("Weights for this kernel", "A row a line, or semicolons between rows; numbers set apart by spaces, tabs or commas, or in brackets, as Python prints them.", "1 0 -1\n2 0 -2\n1 0 -1", (text) => this.#pasteKernel(text)),
      save_kernel: () => this.#saveKernel(),
      take: () => this.#take(),
      table: () => this.#table(view),
      copy_cell: () => this.#copy(view, ({ rows, pinned }) => [[rows[pinned.row][pinned.column]]], "cell"),
      copy_row: () => this.#copy(view, ({ rows, pinned }) => [rows[pinned.row]], "row"),
      copy_map: () => this.#copy(view, ({ rows }) => rows, "map"),
      large: () => this.on.send({ op: "large", value: view, plane: this.on.shown.inputPlane, dark: this.on.dark(), touch: matchMedia("(pointer: coarse)").matches }),
    };
    commands[name]?.();
  }

  /** What the server tells of its samples or kernels, or null where it does not. @param {string} file @returns {Promise<any[] | null>} */
  async #listed(file) {
    try {
      return await (await fetch(`${this.on.ui}/${file}`)).json();
    } catch {
      this.on.refuse("The server did not answer, so nothing can be shown. Try again.");
      return null;
    }
  }

  /** Every kernel of the library with its picture, its sentence and the parts it is made of. */
  async #library() {
    const kernels = await this.#listed("kernels.json");
    if (!kernels) return;
    const { output } = this.on.shown;
    const cards = kernels.map(({ name, title, sentence, parts, weights, counted }) =>
      h(
        "button",
        {
          type: "button",
          class: "ks-sample",
          onclick: () => {
            this.dialog.close();
            this.on.send({ op: "library", output, value: name });
          },
        },
        kernelPicture(weights.flat(), weights[0].length, this.on.dark(), counted),
        h("strong", { text: title }),
        h("span", { text: sentence }),
        parts ? h("small", { text: parts }) : null,
      ),
    );
    this.dialog.open("Library of kernels", h("div", { class: "ks-samples" }, ...cards));
  }

  async #samples() {
    const samples = await this.#listed("samples.json");
    if (!samples) return;
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
    this.dialog.open("Sample pictures", h("div", { class: "ks-samples" }, ...cards));
  }

  /** @param {string} title @param {string} how to write them @param {string} example @param {(text: string) => Promise<string>} take why not, or "" */
  #typed(title, how, example, take) {
    const field = h("textarea", { rows: 8, placeholder: example, "aria-label": title, spellcheck: "false" });
    const problem = h("p", { class: "ks-problem", role: "alert" });
    const use = h("button", {
      type: "button",
      class: "ks-button ks-primary",
      text: "Use them",
      onclick: async () => {
        const why = await take(field.value);
        setText(problem, why);
        if (!why) this.dialog.close();
      },
    });
    this.dialog.open(title, h("p", { class: "ks-quiet", text: how }), field, problem, use);
    field.focus();
  }

  /**
   * Take a text of numbers as the grid.
   * @param {string} text
   * @returns {Promise<string>} why not, or ""
   */
  async pasteGrid(text) {
    const { rows, why } = readRows(text);
    return why ?? this.on.ask({ op: "grid", value: rows });
  }

  /** @param {string} text */
  async #pasteKernel(text) {
    return this.on.ask({ op: "kernel_text", output: this.on.shown.output, plane: this.on.shown.kernelPlane, value: text });
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

  /** @param {string} view */
  #table(view) {
    const numbers = this.on.numbers(view);
    this.dialog.open(numbers.title, tableOf(numbers));
  }

  #saveKernel() {
    const { output } = this.on.shown;
    const { label } = this.on.header().kernel.outputs[output];
    this.fetchFile(`kernel_${output}.json`, `${label.replace(/[^\w-]+/g, "_")}.kernel.json`);
  }

  /**
   * A file that the server makes: it may take a while, can be called off, and says why where it does not come.
   * @param {string} name
   * @param {string} [as] the file's name here
   */
  async fetchFile(name, as = name) {
    const stop = new AbortController();
    const job = { what: `Making ${as}…`, done: () => false, callOff: () => stop.abort(), outlasts: true };
    this.on.busy.begin(job);
    // An open dialog covers the page and all it has to say.
    if (this.dialog.isOpen) this.dialog.element.append(this.on.busy.element);
    const refuse = (/** @type {string} */ sentence) => {
      this.dialog.close();
      this.on.refuse(sentence);
    };
    try {
      const answer = await fetch(`${this.on.ui}/take/${this.on.header().session}/${name}`, { signal: stop.signal });
      if (answer.ok) download(await answer.blob(), as);
      else refuse(await answer.text());
    } catch {
      if (!stop.signal.aborted) refuse("The server did not answer, so there is no file. Try again.");
    }
    if (this.on.busy.job === job) this.on.busy.end();
  }

  #closed() {
    this.#stopCamera();
    this.dialog.element.before(this.on.busy.element);
  }

  #take() {
    const { session } = this.on.header();
    const from = (/** @type {string} */ name, /** @type {string} */ text) =>
      h("a", {
        class: "ks-button",
        href: `${this.on.ui}/take/${session}/${name}`,
        download: name,
        text,
        onclick: (/** @type {Event} */ event) => {
          event.preventDefault();
          this.fetchFile(name);
        },
      });
    const whole = h(
      "ul",
      { class: "ks-take-whole" },
      h("li", {}, from("scenario.json", "Scenario file"), h("span", { text: "everything, the picture included; Upload opens it again" })),
      h("li", {}, from("trace.npz", "Whole trace, NPZ"), h("span", { text: "input, every stage and every weight as NumPy arrays" })),
      h("li", {}, from("reproduce.py", "NumPy script"), h("span", { text: "computes the same numbers again in NumPy alone, to the last bit; those of a large input it reads from trace.npz beside it" })),
      h("li", {}, from("in_pytorch.py", "PyTorch script"), h("span", { text: "the same network in PyTorch; with trace.npz beside it, tells how far each stage is from these numbers" })),
      h("li", {}, from("in_keras.py", "Keras script"), h("span", { text: "likewise in Keras, channels last" })),
    );
    const rows = this.on
      .stages()
      .filter((/** @type {any} */ column) => column.view !== "kernel" && column.kind !== "missing")
      .map((/** @type {any} */ { view, title }) => {
        const plane = this.on.drawing(view);
        // What is on screen is what is taken away, and its file says so.
        const name = this.on.gradient(view) ? `${view}_gradient` : view;
        const draw = (/** @type {string} */ label, /** @type {() => void} */ act) => h("button", { type: "button", class: "ks-button", text: label, onclick: act });
        return h(
          "tr",
          {},
          h("th", { scope: "row", text: title }),
          h("td", {}, draw("PNG", async () => download(await toPng(plane), `${name}.png`))),
          h("td", {}, draw("SVG", () => download(toSvg(plane, title), `${name}.svg`))),
          h("td", {}, from(`${name}.csv`, "CSV")),
          h("td", {}, from(`${name}.npz`, "NPZ")),
        );
      });
    const table = h("table", { class: "ks-take" }, h("caption", { text: `One stage, as it is shown or as numbers${this.on.of() && `: gradients of ${this.on.of()}`}` }), h("tbody", {}, ...rows));
    this.dialog.open("Take away", whole, table);
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
    this.dialog.open("Camera", wait, video, take);
    // While the browser asks, the dialog may be closed, opened anew or left with its page.
    const asking = () => this.dialog.isOpen && video.isConnected;
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { width: 1280, height: 960 } });
    } catch (error) {
      if (!asking()) return;
      this.dialog.close();
      const refused = error instanceof DOMException && error.name === "NotAllowedError";
      this.on.refuse(refused ? "The browser was told to keep the camera to itself. Allow it beside the address, or upload a picture." : "No camera was found. Upload a picture instead.");
      return;
    }
    if (!asking()) {
      stop(stream);
      return;
    }
    this.stream = stream;
    video.srcObject = stream;
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
    if (this.stream) stop(this.stream);
    this.stream = null;
  }
}

/** @param {MediaStream} stream */
function stop(stream) {
  for (const track of stream.getTracks()) track.stop();
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
