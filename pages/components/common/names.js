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
  const { title, names, planes, images } = model.byNumber.get(stage);
  // A column of named numbers may be a map of one column.
  if (names) return `${title} ${names[index[index.length === 4 ? 2 : 1]]}`.trimEnd();
  if (index.length === 2) return `${title} [${index[1]}]`;
  return `${title}${images ? ` ${images[index[0]]}` : ""}${planes ? ` ${planes[index[1]]}` : ""} [${index.slice(2).join(", ")}]`;
}

/** The name of the cell that made a term's number. @param {Model} model @param {import("./model.js").Term} term */
export function sourceName(model, term) {
  if (term.index === null) return "padding";
  const made = model.made(term.stage, term.index);
  return nameOf(model, made.stage.stage, made.index);
}
