/**
 * What a hand does on a map, told apart: pointing, picking, painting, panning and pinching.
 * @module
 */

/** @typedef {import("./grid.js").Cell} Cell */

const SLACK = 3; // px a press may wander and still be a pick
const FINGER_SLACK = 10; // px a finger wanders before it draws: it may be about to scroll or to pinch
const NOTCH = 0.0016; // of zoom a pixel of wheel: a usual notch of 100 px zooms by 17 %
const PIXELS_A_LINE = 16;

/**
 * @param {import("./grid.js").Grid} grid
 * @param {import("./grid.js").Handlers} on
 */
export function listen(grid, on) {
  const { element } = grid;
  /** The fingers or the mouse on the map, by pointer. @type {Map<number, {x: number, y: number}>} */
  const pointers = new Map();
  /** @type {"none" | "press" | "stroke" | "pan" | "pinch"} */
  let mode = "none";
  let pans = false;
  let strokes = false;
  /** @type {Cell | null} */
  let start = null;
  /** @type {Cell | null} */
  let last = null;
  let from = { x: 0, y: 0 };

  /** Where the pointer is; a wheel's event knows it only to whole pixels. @type {PointerEvent | null} */
  let pointed = null;
  /** Another cell may lie under the pointer in the frame that draws the map anew: asked there, and after it. */
  const pointAgain = () => requestAnimationFrame(() => pointed && on.hover?.(grid.cellAt(pointed)));

  const middle = () => {
    const [a, b] = [...pointers.values()];
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, apart: Math.hypot(a.x - b.x, a.y - b.y) };
  };
  let pinched = { x: 0, y: 0, apart: 1 };
  /** Whether a move means to draw: a finger's only where the page does not scroll that way. @param {PointerEvent} event */
  const means = (event) => {
    if (event.pointerType !== "touch") return true;
    const [across, down] = [Math.abs(event.clientX - from.x), Math.abs(event.clientY - from.y)];
    return Math.hypot(across, down) > FINGER_SLACK && (across > down || getComputedStyle(element).touchAction === "none");
  };

  element.addEventListener("pointerdown", (event) => {
    if (event.button > 1) return;
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    element.setPointerCapture(event.pointerId);
    if (pointers.size >= 2 && on.zoom) {
      if (mode === "stroke") on.stroke?.([], "end");
      mode = "pinch";
      pinched = middle();
      return;
    }
    mode = "press";
    start = last = grid.cellAt(event, true);
    from = { x: event.clientX, y: event.clientY };
    // A map that can be painted is painted by a plain drag: there Shift or the middle button moves it.
    strokes = !!on.stroke && (on.draws?.(event.pointerType) ?? true);
    pans = grid.zoom > 1 && (event.button === 1 || event.shiftKey || !strokes);
    if (event.button === 1) event.preventDefault();
  });

  element.addEventListener("pointermove", (event) => {
    pointed = event;
    const pointer = pointers.get(event.pointerId);
    if (pointer) Object.assign(pointer, { x: event.clientX, y: event.clientY });
    if (mode === "pinch") {
      if (pointers.size < 2) return;
      const now = middle();
      on.pan?.(now.x - pinched.x, now.y - pinched.y);
      on.zoom?.(now.apart / Math.max(1, pinched.apart), grid.fractionAt(now.x, now.y));
      pinched = now;
      return;
    }
    if (pans && (mode === "press" || mode === "pan")) {
      if (mode === "press" && Math.hypot(event.clientX - from.x, event.clientY - from.y) <= SLACK) return;
      mode = "pan";
      element.classList.add("ks-panning");
      on.pan?.(event.clientX - from.x, event.clientY - from.y);
      from = { x: event.clientX, y: event.clientY };
      return;
    }
    const cell = grid.cellAt(event, mode !== "none");
    const moved = start && cell && (cell.row !== start.row || cell.column !== start.column);
    if (last && cell && strokes && (mode === "stroke" || (mode === "press" && moved && means(event)))) {
      if (cell.row === last.row && cell.column === last.column) return;
      on.stroke(line(last, cell), mode === "stroke" ? "move" : "start");
      mode = "stroke";
      last = cell;
      return;
    }
    on.hover?.(cell);
  });

  const end = (/** @type {PointerEvent} */ event, /** @type {boolean} */ picks) => {
    if (!pointers.delete(event.pointerId)) return;
    if (mode === "stroke") on.stroke?.([], "end");
    // At its edge the map stood still, and the pointer did not.
    else if (mode === "pan" && event.pointerType === "mouse") pointAgain();
    else if (mode === "press" && picks) {
      const cell = grid.cellAt(event);
      if (start && cell) on.pick?.(cell);
    }
    element.classList.remove("ks-panning");
    start = last = null;
    // The finger that is left of a pinch is not a press of its own.
    mode = mode === "pinch" && pointers.size ? "pinch" : "none";
    // Of three, the two that are left lie elsewhere.
    if (mode === "pinch" && pointers.size > 1) pinched = middle();
  };
  element.addEventListener("pointerup", (event) => end(event, true));
  element.addEventListener("pointercancel", (event) => end(event, false));
  element.addEventListener("pointerleave", () => {
    pointed = null;
    if (mode === "none") on.hover?.(null);
  });
  element.addEventListener("keydown", (event) => on.key?.(event));
  element.addEventListener(
    "wheel",
    (event) => {
      const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? PIXELS_A_LINE : 1);
      if (on.zoom?.(Math.exp(-pixels * NOTCH), grid.fractionAt(event.clientX, event.clientY))) {
        event.preventDefault();
        pointAgain();
      }
      // Only where the person has put the focus: a page must scroll past a map without changing it.
      else if (on.wheel && document.activeElement === element) {
        event.preventDefault();
        on.wheel(event);
      }
    },
    { passive: false },
  );
}

/**
 * The cells on a straight line between two, both ends included: a fast pointer skips none.
 * @param {Cell} from
 * @param {Cell} to
 * @returns {Cell[]}
 */
export function line(from, to) {
  const steps = Math.max(Math.abs(to.row - from.row), Math.abs(to.column - from.column));
  return Array.from({ length: steps + 1 }, (_, k) => ({
    row: Math.round(from.row + ((to.row - from.row) * k) / (steps || 1)),
    column: Math.round(from.column + ((to.column - from.column) * k) / (steps || 1)),
  }));
}
