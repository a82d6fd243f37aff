/**
 * The way in for a photograph. The framework's own uploader does the sending, as it streams a file where a component
 * could only pass it in one message; this module opens it, drops files into it, and tells what it would not.
 * @module
 */

const UPLOADER = ".st-key-photo input[type=file]";
const MEGABYTE = 1024 * 1024;

export class PhotoDoor {
  /**
   * @param {{limit: () => number, refuse: (sentence: string) => void, start: (name: string) => void}} on `limit` in
   *   megabytes; `start` is told the file that is on its way
   */
  constructor(on) {
    this.on = on;
    this.onChange = (/** @type {Event} */ event) => {
      const field = event.target;
      if (field instanceof HTMLInputElement && field.matches(UPLOADER)) this.#check(field.files?.[0]);
    };
    document.addEventListener("change", this.onChange, true);
    this.gone = new AbortController();
  }

  leave() {
    document.removeEventListener("change", this.onChange, true);
    this.gone.abort();
  }

  open() {
    this.#uploader?.click();
  }

  /**
   * Take files that are dropped anywhere: beside their aim they would make the browser leave the page.
   * @param {HTMLElement} page
   * @param {() => HTMLElement | undefined} aim what shows where a file would go
   */
  acceptDrops(page, aim) {
    const { signal } = this.gone;
    const mark = (/** @type {boolean} */ on) => aim()?.classList.toggle("ks-drop", on);
    const files = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
    const over = (/** @type {DragEvent} */ event) => {
      if (!files(event)) return;
      event.preventDefault();
      mark(true);
    };
    page.addEventListener("dragover", over, { signal });
    page.addEventListener("dragleave", (event) => event.relatedTarget === null && mark(false), { signal });
    const drop = (/** @type {DragEvent} */ event) => {
      if (!files(event)) return;
      event.preventDefault();
      mark(false);
      const file = event.dataTransfer?.files[0];
      if (file) this.take(file);
    };
    page.addEventListener("drop", drop, { signal });
  }

  /** Send a file as if it had been chosen. @param {File} file */
  take(file) {
    const uploader = this.#uploader;
    if (!uploader) return;
    const one = new DataTransfer();
    one.items.add(file);
    uploader.files = one.files;
    uploader.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /** @returns {HTMLInputElement | null} */
  get #uploader() {
    return document.querySelector(UPLOADER);
  }

  /** The framework refuses a file that is too large where nobody looks; say it here. @param {File | undefined} file */
  #check(file) {
    const limit = this.on.limit();
    if (!file) return;
    if (file.size <= limit * MEGABYTE) {
      this.on.start(file.name);
      return;
    }
    const size = Math.round(file.size / MEGABYTE);
    this.on.refuse(`${file.name} has ${size} MB, and ${limit} MB is the most that fits: save it smaller and try again.`);
  }
}
