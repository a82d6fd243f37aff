/**
 * The short way to Python: a request that cnn_core answers, without a run of the page.
 * @module
 */

const UI = new URL("..", import.meta.url);

/**
 * @param {string} component whose message it is
 * @param {any} message as Channel makes it
 * @returns {Promise<Uint8Array>} what the component is sent; rejected where this server cannot answer
 */
export async function ask(component, message) {
  const address = new URL(`answers/${component}/${message.session}`, UI);
  const answer = await fetch(address, { method: "POST", body: JSON.stringify(message), headers: { "content-type": "application/json" } });
  if (!answer.ok) throw new Error(`answered with ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}
