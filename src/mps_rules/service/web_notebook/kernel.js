// In a notebook the page has no server: what it would ask of one goes to the cell that shows it, and from there to the kernel.

// The document has no address: links lead into it (its base is itself), questions have an address in name alone.
Object.defineProperty(document, "baseURI", { value: "https://kernel.invalid/" });

const own = Math.random().toString(36).slice(2); // tells this page from another of the same widget
const waiting = new Map();
const listening = [];
let asked = 0;
let begun = false; // until then the page knows nothing of what the kernel knows, and must not say that nothing is known

export function begin() {
  begun = true;
}

// What the kernel says unasked: the findings, where a cell or another page has set them.
export const onTold = (listener) => listening.push(listener);

window.addEventListener("message", ({ source, data }) => {
  if (source !== window.parent) return;
  if (data.told) {
    if (data.by !== own) for (const listener of listening) listener(data.told);
  } else if (waiting.has(data.id)) {
    waiting.get(data.id)(new Response(JSON.stringify(data.answer), { status: data.status }));
    waiting.delete(data.id);
  }
});

window.fetch = (url, { body, signal } = {}) =>
  new Promise((resolve, reject) => {
    const id = ++asked;
    const giveUp = () => {
      waiting.delete(`${own}:${id}`);
      reject(new DOMException("given up", "AbortError"));
    };
    if (signal?.aborted) return giveUp();
    signal?.addEventListener("abort", giveUp);
    waiting.set(`${own}:${id}`, resolve);
    return window.parent.postMessage({ id: `${own}:${id}`, page: begun ? own : null, operation: new URL(url).pathname.split("/").pop(), asked: body ? JSON.parse(body) : {} }, "*");
  });

// The findings live in the kernel: leaving the notebook's page loses none of them.
window.addEventListener("beforeunload", (event) => event.stopImmediatePropagation(), { capture: true });
