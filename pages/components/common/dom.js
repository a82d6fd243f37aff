/**
 * Small helpers around the document.
 * @module
 */

/**
 * Make an element. Text is always set as text, never as markup.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} [attributes] `on…` functions become listeners, `text` the content, null is left out
 * @param {...(Node | string | null)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") element.textContent = String(value);
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/**
 * Write text only where it changed, so that nothing is announced or laid out twice.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Put an element into another, after what is there or before it; whoever has the focus inside keeps it.
 * @param {HTMLElement} element
 * @param {Element} parent
 * @param {"append" | "prepend"} [how]
 */
export function move(element, parent, how = "append") {
  if (element.parentElement === parent) return;
  const root = /** @type {Document | ShadowRoot} */ (element.getRootNode());
  const held = root.activeElement && element.contains(root.activeElement) ? /** @type {HTMLElement} */ (root.activeElement) : null;
  parent[how](element);
  held?.focus({ preventScroll: true });
}

/**
 * Call `draw` once in the next frame, however often it was asked for.
 * @param {() => void} draw
 * @returns {() => void}
 */
export function oncePerFrame(draw) {
  let asked = 0;
  return () => {
    if (asked) return;
    asked = requestAnimationFrame(() => {
      asked = 0;
      draw();
    });
  };
}

/**
 * Whether somebody is in the middle of typing: what is half written is theirs, what was sent and refused is not.
 * @param {HTMLInputElement} field
 * @returns {() => boolean}
 */
export function whileTyping(field) {
  let begun = false;
  field.addEventListener("input", () => {
    begun = true;
  });
  field.addEventListener("change", () => {
    begun = false;
  });
  return () => begun && document.activeElement === field;
}
