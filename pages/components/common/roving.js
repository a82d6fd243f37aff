/**
 * A radio group by keyboard: one stop of the Tab key, the arrow keys go round and choose, Home and End go to its ends.
 * @module
 */

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/**
 * @param {HTMLElement} group
 * @param {() => HTMLElement[]} radios of the group, in their order
 * @param {(k: number) => void} choose
 */
export function rove(group, radios, choose) {
  group.addEventListener("keydown", (event) => {
    const all = radios();
    const at = all.indexOf(/** @type {HTMLElement} */ (event.target));
    const wanted = { Home: 0, End: all.length - 1 }[event.key] ?? at + STEPS[event.key];
    if (at < 0 || Number.isNaN(wanted) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const next = (wanted + all.length) % all.length;
    all[next].focus();
    choose(next);
  });
}

/** @param {HTMLElement} radio @param {boolean} chosen */
export function check(radio, chosen) {
  radio.setAttribute("aria-checked", String(chosen));
  radio.tabIndex = chosen ? 0 : -1;
}
