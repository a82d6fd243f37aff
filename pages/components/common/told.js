/**
 * What an answer of the server changed, in words for those who do not see it.
 * @module
 */

/**
 * @param {any[]} before the columns as Python described them
 * @param {any[]} after
 * @returns {string} such as "Activation: Tanh. Feature map 5 × 5.", or ""
 */
export function changes(before, after) {
  /** @type {string[]} */
  const told = [];
  for (const column of after) {
    const old = before.find(({ view }) => view === column.view);
    if (!old) continue;
    for (const control of column.controls) {
      const was = old.controls.find((/** @type {any} */ each) => each.kind === control.kind && each.label === control.label);
      if (was && "value" in control && worded(was) !== worded(control)) told.push(`${control.label}: ${worded(control)}`);
    }
    if (old.shape !== column.shape && column.shape) told.push(`${column.title} ${column.shape}`);
    if (old.kind !== column.kind && column.kind === "missing") told.push(column.why.replace(/\.$/, ""));
  }
  // The first few tell what was done; a long list would not be listened to.
  return told.slice(0, 4).map((words) => `${words}. `).join("");
}

/** A control's value as it is shown. @param {any} control */
function worded({ kind, value, text, options }) {
  if (kind === "select" || kind === "segments") return options.find((/** @type {any} */ option) => option.value === value)?.label ?? String(value);
  if (kind === "check") return value ? "on" : "off";
  return String(text ?? value);
}
