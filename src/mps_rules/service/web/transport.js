// How a question reaches the rules: over HTTP, to the program that served this page, and to nobody else.

const BASE = new URL("api/", document.baseURI);

export const send = (name, { body, signal } = {}) =>
  fetch(new URL(name, BASE), body === undefined ? { signal } : { method: "POST", headers: { "content-type": "application/json" }, body, signal });
