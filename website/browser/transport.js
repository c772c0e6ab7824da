// How a question reaches the rules: in this browser, to a worker that holds the library, and to nobody else.
// Stands where the service's own transport.js stands; everything else of the page is the same.

const AT = document.baseURI;
const LOADING = "The rules are being loaded into this browser: some 18 MB, once. What you enter never leaves it.";

// A worker made of a blob is held to the policy of the page that made it: whoever hosts the files, it can ask nobody else.
const worker = new Worker(URL.createObjectURL(new Blob([`import ${JSON.stringify(new URL("worker.js", AT).href)};`], { type: "text/javascript" })), { type: "module" });

const asked = new Map();
let count = 0;
let turn = Promise.resolve();

worker.addEventListener("message", ({ data }) => {
  const { resolve, reject } = asked.get(data.number);
  asked.delete(data.number);
  if (data.broken) reject(new Error(data.broken));
  else resolve(new Response(data.answer, { status: data.status }));
});
worker.addEventListener("error", () => {
  for (const { reject } of asked.values()) reject(new Error("the library could not be loaded"));
  asked.clear();
});

const answer = (operation, question) =>
  new Promise((resolve, reject) => {
    asked.set(++count, { resolve, reject });
    worker.postMessage({ number: count, operation, question });
  });

export async function send(name, { body, signal } = {}) {
  if (body === undefined) return fetch(new URL(`still/${name}.json`, AT), { signal });
  const before = turn;
  const { promise, resolve: next } = Promise.withResolvers();
  turn = promise;
  await before;
  try {
    signal?.throwIfAborted(); // overtaken while it waited: it costs nothing
    const found = await answer(name, body);
    loading.remove();
    keepForNextTime();
    signal?.throwIfAborted();
    return found;
  } finally {
    next();
  }
}

const loading = Object.assign(document.createElement("p"), { textContent: LOADING, className: "quiet" });
loading.setAttribute("role", "status");
document.querySelector("header").append(loading);

// After the first answer everything is kept for the next time, with or without a network.
let kept = false;

async function keepForNextTime() {
  if (kept || !navigator.serviceWorker) return;
  kept = true;
  try {
    await navigator.serviceWorker.register(new URL("offline.js", AT), { updateViaCache: "none" });
    await navigator.serviceWorker.ready;
    document.body.dataset.offline = "ready";
  } catch {
    document.body.dataset.offline = "refused"; // by the browser or for want of room: the page goes on with a network
  }
}
