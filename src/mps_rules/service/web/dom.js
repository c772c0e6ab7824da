// Elements are made of text: nothing that comes from elsewhere is ever read as markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "disabled" || name === "open") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const h = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);
export const svg = (name, attributes, ...children) => fill(document.createElementNS(SVG, name), attributes, children);
export const byId = (id) => document.getElementById(id);

// What had the keyboard keeps it when a part of the page is drawn anew: elements that matter carry data-key.
export function redraw(parent, ...children) {
  const key = parent.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  const open = new Set([...parent.querySelectorAll("details[open][data-key]")].map((one) => one.dataset.key));
  parent.replaceChildren(...children.flat(Infinity).filter(Boolean));
  for (const one of parent.querySelectorAll("details[data-key]")) if (open.has(one.dataset.key)) unfold(one);
  if (key) parent.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

// A part that is folded is made when it is first opened: most of it is never looked at.
export function folding(attributes, summary, make) {
  let made = false;
  const details = h("details", attributes, h("summary", { onclick: () => complete() }, summary));
  const complete = () => {
    if (made) return;
    made = true;
    fill(details, null, [make()]);
  };
  details.addEventListener("toggle", complete);
  if (details.open) complete();
  return details;
}

export function unfold(details) {
  details.open = true;
  details.dispatchEvent(new Event("toggle"));
}

export function say(text) {
  byId("said").textContent = text;
}

export function sheet(title, ...children) {
  byId("sheet-title").textContent = title;
  byId("sheet-body").replaceChildren(...children.flat(Infinity).filter(Boolean));
  if (!byId("sheet").open) byId("sheet").showModal();
}
