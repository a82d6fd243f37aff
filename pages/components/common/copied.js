/**
 * A number copied from a field leaves with the keyboard's minus, which spreadsheets and programs read.
 * @module
 */

export function copyWithKeyboardsMinus() {
  document.addEventListener("copy", (event) => {
    const field = event.target;
    if (!(field instanceof HTMLInputElement) || !field.closest(".ks")) return;
    const text = field.value.slice(field.selectionStart ?? 0, field.selectionEnd ?? 0);
    if (!text.includes("−") || !event.clipboardData) return;
    event.preventDefault();
    event.clipboardData.setData("text/plain", text.replaceAll("−", "-"));
  });
}
