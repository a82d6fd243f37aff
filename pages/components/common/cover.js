/**
 * What lies over numbers that are to be predicted: a blank with a question mark, but over the cells that are open.
 * @module
 */

/** The cells that are open, by row and column ("0,1"), each with the sign it carries. @typedef {ReadonlyMap<string, string>} Cover */

const ASKS_FROM = 16; // px a cell: a smaller one is blank
const SIGN_FROM = 24; // px likewise

/**
 * @param {CanvasRenderingContext2D} context with the map's upper left at its origin
 * @param {{rows: number, columns: number, cell: number, scale: number, top: number, left: number, zoom: number}} grid
 * @param {Cover} cover
 * @param {CSSStyleDeclaration} style of the map
 */
export function drawCover(context, { rows, columns, cell, scale, top, left, zoom }, cover, style) {
  const [width, height] = [columns * cell, rows * cell];
  context.save();
  context.beginPath();
  context.rect(0, 0, width, height);
  context.clip();
  context.fillStyle = style.getPropertyValue("--ks-soft").trim() || "#f1f3f6";
  context.fillRect(0, 0, width, height);
  for (const key of cover.keys()) {
    const [row, column] = key.split(",").map(Number);
    context.clearRect((column - left) * scale, (row - top) * scale, scale, scale);
  }
  if (scale >= ASKS_FROM) {
    context.strokeStyle = style.getPropertyValue("--ks-line").trim();
    context.fillStyle = style.getPropertyValue("--ks-quiet").trim();
    context.textAlign = "center";
    context.textBaseline = "middle";
    const size = (/** @type {number} */ letters) => {
      context.font = `500 ${letters}px ${style.fontFamily}`;
    };
    for (let row = Math.floor(top); row < Math.min(rows, top + rows / zoom); row += 1) {
      for (let column = Math.floor(left); column < Math.min(columns, left + columns / zoom); column += 1) {
        const [x, y] = [(column - left) * scale, (row - top) * scale];
        const sign = cover.get(`${row},${column}`);
        if (sign === undefined) {
          context.strokeRect(x + 0.5, y + 0.5, scale, scale);
          size(Math.min(20, scale * 0.5));
          context.fillText("?", x + scale / 2, y + scale * 0.53);
        } else if (scale >= SIGN_FROM) drawSign(context, sign, x + scale - 8, y + 8, style);
      }
    }
  }
  context.restore();
}

/** @param {CanvasRenderingContext2D} context @param {string} sign @param {number} x @param {number} y @param {CSSStyleDeclaration} style */
function drawSign(context, sign, x, y, style) {
  if (!sign) return;
  context.save();
  context.font = `700 11px ${style.fontFamily}`;
  // On a disc of the page's own colour it can be read on whatever colour the cell has.
  context.fillStyle = style.getPropertyValue("--ks-paper").trim() || "#fff";
  context.beginPath();
  context.arc(x, y, 6.5, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = style.getPropertyValue("--ks-ink").trim();
  context.fillText(sign, x, y + 0.5);
  context.restore();
}
