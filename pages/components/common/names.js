/**
 * What a cell is called, the same everywhere: "Feature map [0, 1]", "Input R [0, 1]", "Score B", "Flattened [7]".
 * @module
 */

/** @typedef {import("./model.js").Model} Model */

/**
 * @param {Model} model
 * @param {number} stage
 * @param {number[]} index
 */
export function nameOf(model, stage, index) {
  const { title, names, planes } = model.byNumber.get(stage);
  if (names) return `${title} ${names[index[1]]}`;
  if (index.length === 2) return `${title} [${index[1]}]`;
  return `${title}${planes ? ` ${planes[index[1]]}` : ""} [${index.slice(2).join(", ")}]`;
}

/** The name of the cell that made a term's number. @param {Model} model @param {import("./model.js").Term} term */
export function sourceName(model, term) {
  if (term.index === null) return "padding";
  const made = model.made(term.stage, term.index);
  return nameOf(model, made.stage.stage, made.index);
}
