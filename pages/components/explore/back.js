/**
 * Steps of lessons, and the list of them, as places of the browser's history: Back and Forward lead to another one, and
 * the page's own link, in the navigation, from a step to the list.
 * @module
 */

export class Back {
  /** @param {{header: () => any, send: (edit: any) => void}} on */
  constructor(on) {
    this.on = on;
    this.path = window.location.pathname;
    this.onBack = () => this.#follow();
    this.onLink = (/** @type {MouseEvent} */ event) => this.#toList(event);
    window.addEventListener("popstate", this.onBack);
    window.addEventListener("click", this.onLink);
  }

  leave() {
    window.removeEventListener("popstate", this.onBack);
    window.removeEventListener("click", this.onLink);
  }

  /** A link that the framework takes over, as it does not to another tab. @param {MouseEvent} event */
  #toList({ target, defaultPrevented }) {
    const link = defaultPrevented && target instanceof Element ? target.closest("a") : null;
    const header = this.on.header();
    if (link && !link.closest(".ks") && link.pathname === this.path && header?.course && header.link.code) this.on.send({ op: "overview" });
  }

  #follow() {
    const header = this.on.header();
    if (!header?.course || window.location.pathname !== this.path) return;
    const { name, code } = header.link;
    const wanted = new URL(window.location.href).searchParams.get(name) ?? "";
    if (wanted !== (code ?? "")) this.on.send({ op: "follow", value: wanted });
  }
}
