/**
 * Steps of lessons, and the list of them, as places of the browser's history: Back and Forward lead to another one.
 * @module
 */

export class Back {
  /** @param {{header: () => any, send: (edit: any) => void}} on */
  constructor(on) {
    this.on = on;
    this.path = window.location.pathname;
    this.onBack = () => this.#follow();
    window.addEventListener("popstate", this.onBack);
  }

  leave() {
    window.removeEventListener("popstate", this.onBack);
  }

  #follow() {
    const header = this.on.header();
    if (!header?.course || window.location.pathname !== this.path) return;
    const { name, code } = header.link;
    const wanted = new URL(window.location.href).searchParams.get(name) ?? "";
    if (wanted !== (code ?? "")) this.on.send({ op: "follow", value: wanted });
  }
}
