// The figure: a click marks a place; what was spoken of is shaded; a muscle that is pointed at shows where it lies and where it sends pain.

import { ask } from "./api.js";
import { byId, h, redraw, say, svg } from "./dom.js";
import { muscleName, placeName, words } from "./words.js";
import * as patient from "./patient.js";

const GROUPS = [
  ["Front and back", ["front", "back"]],
  ["Sides", ["left", "right"]],
  ["Face, hands", ["face", "palm_right", "palm_left", "hand_left", "hand_right"]],
  ["Feet, pelvis", ["foot_right", "foot_left", "sole_right", "sole_left", "inner_left", "inner_right", "pelvis", "perineum"]],
];
const INTENSITIES = 11;
const ZOOMS = [1, 2, 4, 6]; // at the largest, a finger meets every place

const LETTER = 34; // how many letters of a side would fill the height of a view
const SITE = 3; // half the size of the cross of a trigger point
const MOST = 100; // a view that shows the muscle itself comes before one that shows where it lies
const charts = new Map();
const REST = GROUPS.length - 1; // where a view stands that no group names

let views = [];
let muscles = {};
let kept = null; // the muscle that stays lit while its card is open
let shown = 0;
let zoom = 0;
let mark = "pain";
let shading = new Map();
let names = new Map();

const SIDES = ["left", "right", "midline"];
const BOTH = ["both", "bilateral"];
const SMALL = ["the", "a", "on", "my", "her", "his"];
const SHORT = 3;
const OFFERED = 6; // places named where several may be meant

const key = (region, side) => `${region} ${side ?? ""}`;

export function start(figure) {
  ({ views, muscles } = figure);
  const drawn = new Map();
  for (const view of views) for (const shape of view.shapes) drawn.set(key(shape.region, shape.side), [shape.region, shape.side]);
  for (const [region, of] of Object.entries(words.regions)) {
    if (region === "body") continue;
    for (const side of of.sides.length ? of.sides : [null]) if (!drawn.has(key(region, side))) drawn.set(key(region, side), [region, side]);
  }
  names = new Map([...drawn.values()].map(([region, side]) => [placeName(region, side).toLowerCase(), [region, side]]));
  byId("places").append(...[...drawn.values()].map(([region, side]) => h("option", { value: placeName(region, side) })));
  byId("add-place").addEventListener("submit", add);
  for (const button of byId("marking").querySelectorAll("button")) {
    button.addEventListener("click", () => {
      mark = button.dataset.mark;
      for (const one of byId("marking").querySelectorAll("button")) one.setAttribute("aria-pressed", String(one === button));
    });
  }
  for (const [id, by] of [["smaller", -1], ["larger", 1]]) byId(id).addEventListener("click", () => zoomBy(by));
  byId("complete").addEventListener("change", (event) => patient.setFinding("pain_map_complete", event.target.checked || undefined));
  switcher();
  figureOf();
}

// What the search of the rules takes for a place: other words for it, and its side.
async function lookedUp(text) {
  if (!text) return [];
  const { found, all_words: whole } = await ask("search", { text });
  return whole ? found.filter(({ kind }) => kind === "place").map(({ id, side }) => [id, side ?? null]) : [];
}

async function add(event) {
  event.preventDefault();
  const input = byId("place");
  const text = input.value.trim().toLowerCase();
  const named = meant(text);
  const found = named.length ? named : await lookedUp(text);
  if (found.length === 1) {
    set(...found[0]);
    input.value = "";
    return;
  }
  const several = found.slice(0, OFFERED).map(([region, side]) => placeName(region, side));
  input.setCustomValidity(several.length ? `Which one: ${several.join("; ")}${found.length > OFFERED ? "; …" : ""}?` : "No place has all of these words. Choose one of the list, with its side.");
  input.reportValidity();
  input.addEventListener("input", () => input.setCustomValidity(""), { once: true });
}

// The places that may be meant: that of this name and side, in whatever order, without what stands in brackets; else those that hold every word.
function meant(text) {
  if (names.has(text)) return [names.get(text)];
  const wanted = text.split(/[\s,]+/).filter((word) => word && !SMALL.includes(word));
  if (!wanted.length) return [];
  const both = wanted.some((word) => BOTH.includes(word));
  const side = both ? "bilateral" : wanted.find((word) => SIDES.includes(word));
  const bare = wanted.filter((word) => !SIDES.includes(word) && !BOTH.includes(word)).map(singular);
  const holding = [...names].filter(([name, [, of]]) => bare.every((word) => name.includes(word)) && (both ? of === SIDES[0] : !side || of === side)).map(([, [region, of]]) => [region, both ? side : of]);
  const called = holding.filter(([region]) => bareName(region) === bare.join(" "));
  return called.length === 1 ? called : holding;
}

const bareName = (region) => placeName(region).toLowerCase().replace(/\s*\(.*\)/, "").split(" ").map(singular).join(" ");

const singular = (word) => (word.length > SHORT ? word.replace(/s$/, "") : word);

export function set(region, side, entry) {
  const made = entry ?? (mark === "free" ? { present: false } : {});
  patient.setPain(region, side, made);
  say(`${placeName(region, side)}: ${made.present === false ? "free of pain" : "pain"}`);
}

// The side to think of first: where it hurts on one side alone, that one.
export function side() {
  const sides = new Set(patient.pains().filter((one) => one.present !== false).map((one) => one.side));
  return sides.has("right") && !sides.has("left") ? "right" : "left";
}

function turn(region, side) {
  const both = patient.painAt(region, "bilateral");
  if (both && side) {
    patient.setPain(region, "bilateral", null);
    const { intensity } = both;
    set(region, side === "left" ? "right" : "left", both.present === false ? { present: false } : intensity === undefined ? {} : { intensity });
    return;
  }
  const told = patient.painAt(region, side);
  const same = told && (told.present === false) === (mark === "free");
  if (same) {
    patient.setPain(region, side, null);
    say(`${placeName(region, side)}: taken back`);
  } else set(region, side);
}

function switcher() {
  redraw(
    byId("views"),
    GROUPS.map(([label], number) =>
      h(
        "button",
        {
          type: "button",
          "data-key": `view:${number}`,
          "aria-pressed": String(number === shown),
          onclick: () => {
            shown = number;
            switcher();
            figureOf();
          },
        },
        label,
      ),
    ),
  );
}

// What stood in the middle stays there.
function zoomBy(by) {
  const figure = byId("figure");
  const across = (figure.scrollLeft + figure.clientWidth / 2) / figure.scrollWidth;
  const down = (figure.scrollTop + figure.clientHeight / 2) / figure.scrollHeight;
  zoom += by;
  figure.style.setProperty("--zoom", ZOOMS[zoom]);
  figure.classList.toggle("zoomed", zoom > 0);
  figure.scrollTo(across * figure.scrollWidth - figure.clientWidth / 2, down * figure.scrollHeight - figure.clientHeight / 2);
  byId("smaller").disabled = zoom === 0;
  byId("larger").disabled = zoom === ZOOMS.length - 1;
}

function figureOf() {
  const named = new Set(GROUPS.flatMap(([, ids]) => ids));
  const there = (id) => views.some((view) => view.id === id);
  const wanted = [...GROUPS[shown][1].filter(there), ...(shown === REST ? views.map(({ id }) => id).filter((id) => !named.has(id)) : [])];
  byId("figure").className = `of-${shown}${zoom ? " zoomed" : ""}`;
  byId("figure").replaceChildren(
    ...wanted.map((id) => {
      const view = views.find((one) => one.id === id);
      const [x, y, wide, high] = view.box;
      const draw = svg("svg", { viewBox: `${x - 3} ${y - 3} ${wide + 6} ${high + 6}`, "data-view": id });
      draw.append(...view.outline.map((d) => svg("path", { d, class: "skin" })));
      for (const shape of view.shapes) {
        const path = svg("path", { d: shape.d, class: "place", "data-place": key(shape.region, shape.side) });
        path.addEventListener("click", (event) => event.detail < 2 && turn(shape.region, shape.side)); // not the second half of a double click
        path.addEventListener("pointerenter", () => hover(shape));
        draw.append(path);
      }
      draw.append(...view.lines.map((d) => svg("path", { d, class: "line" })), svg("g", { class: "muscle-of" }), ...letters(view));
      return h("figure", {}, draw, h("figcaption", {}, view.caption));
    }),
  );
  shade();
  light(null);
}

function hover(shape) {
  const told = shading.get(key(shape.region, shape.side));
  const state = told?.free ? " · free of pain" : told?.pain ? " · pain" : told?.somewhere ? " · pain somewhere in it" : "";
  byId("hover").textContent = `${placeName(shape.region, shape.side)}${state}`;
}

function shade() {
  for (const path of byId("figure").querySelectorAll(".place")) {
    const told = shading.get(path.dataset.place);
    path.setAttribute("class", `place${told?.free ? " free" : told?.pain ? ` pain${told.pain}` : told?.somewhere ? " somewhere" : ""}`);
  }
}

export function show(answer) {
  shading = new Map(answer.shading.map((one) => [key(one.region, one.side), one]));
  shade();
  light(null);
  byId("complete").checked = patient.findings().pain_map_complete === true;
  redraw(byId("pains"), patient.pains().map(line));
}

function line(one) {
  const id = key(one.region, one.side);
  const free = one.present === false;
  const intensity = h(
    "select",
    {
      "aria-label": `${placeName(one.region, one.side)}: how strong, 0 to 10`,
      "data-key": `intensity:${id}`,
      onchange: (event) => set(one.region, one.side, event.target.value === "" ? {} : { intensity: Number(event.target.value) }),
    },
    h("option", { value: "" }, "–"),
    Array.from({ length: INTENSITIES }, (_, n) => h("option", { value: n, selected: one.intensity === n }, `${n}/10`)),
  );
  return h(
    "li",
    {},
    h("span", { class: `dot ${free ? "free" : "pain"}`, "aria-hidden": "true" }),
    h("span", { class: "grow" }, placeName(one.region, one.side), free ? h("em", {}, " free of pain") : ""),
    free ? null : intensity,
    h(
      "button",
      { type: "button", class: "plain", "data-key": `drop:${id}`, "aria-label": `Take back ${placeName(one.region, one.side)}`, onclick: () => patient.setPain(one.region, one.side, null) },
      "×",
    ),
  );
}

// Which side of the body is which, in the upper corners of a view that shows both; the caption of another says it.
function letters(view) {
  const sides = Object.entries(view.turned);
  const [x, y, wide, high] = view.box;
  if (sides.length === 1) return [];
  const size = high / LETTER;
  return sides.map(([side, turned]) => svg("text", { x: turned ? x + size / 2 : x + wide - size / 2, y: y + size, "font-size": size, class: "letter", "aria-hidden": "true" }, side[0].toUpperCase()));
}

// The bellies of a muscle on one side, with the way its fibres run; what lies deep has a broken border.
function bellies(view, muscle, side) {
  const turned = view.turned[side];
  if (turned === undefined) return [];
  return (muscles[muscle] ?? [])
    .filter(({ on }) => on === view.drawing)
    .map(({ deep, border, fibres, sites }) =>
      svg(
        "g",
        { class: `belly${deep ? " deep" : ""}`, transform: turned ? "scale(-1 1)" : null },
        svg("path", { class: "border", d: border }),
        svg("path", { class: "fibres", d: fibres }),
        sites.map(([x, y]) => svg("path", { class: "site", d: `M${x - SITE} ${y - SITE}l${2 * SITE} ${2 * SITE}m0 ${-2 * SITE}l${-2 * SITE} ${2 * SITE}` })),
      ),
    );
}

// Where a muscle lies and sends pain, in the view that shows most of it; for paper, where nothing can be pointed at.
export function picture(reach) {
  const own = (list) => new Set(list.map((part) => key(part.region, part.side)));
  const [lies, zones] = [own(reach.lies), own(reach.zones)];
  const sides = reach.side ? [reach.side] : SIDES;
  const drawn = (view) => sides.flatMap((side) => bellies(view, reach.muscle, side));
  const shows = (view) => drawn(view).length * MOST + view.shapes.filter((shape) => lies.has(key(shape.region, shape.side))).length;
  const [view] = views.filter(({ id }) => GROUPS[0][1].includes(id) || GROUPS[1][1].includes(id)).sort((one, other) => shows(other) - shows(one));
  const [x, y, wide, high] = view.box;
  const draw = svg("svg", { viewBox: `${x - 3} ${y - 3} ${wide + 6} ${high + 6}`, role: "img", "aria-label": "Where the muscle is, and where it may send pain" });
  draw.append(...view.outline.map((d) => svg("path", { d, class: "skin" })));
  const there = drawn(view).length ? new Set() : lies;
  const reached = view.shapes.map((shape) => [shape, key(shape.region, shape.side)]).filter(([, at]) => there.has(at) || zones.has(at));
  draw.append(...reached.map(([shape, at]) => svg("path", { d: shape.d, class: there.has(at) ? "there" : "sends" })));
  draw.append(...view.lines.map((d) => svg("path", { d, class: "line" })), ...drawn(view), ...letters(view));
  return h("figure", { class: "muscle" }, draw, h("figcaption", {}, `${view.caption}. Dark: where the muscle is. Light: where it may send pain.`));
}

// The chart of a muscle on one side, as the library draws it; it stays while the card is open.
export function chart(muscle, side) {
  if (!muscles[muscle] || !SIDES.slice(0, 2).includes(side)) return null;
  const image = h("img", { class: "chart", alt: `${muscleName(muscle, side)}: where it lies and where it may send pain` });
  const at = `${muscle}.${side}`;
  if (!charts.has(at)) charts.set(at, ask("picture", { muscle, side }).catch((fault) => (charts.delete(at), Promise.reject(fault))));
  charts.get(at).then(
    ({ svg: text }) => image.setAttribute("src", `data:image/svg+xml,${encodeURIComponent(text)}`),
    () => image.remove(),
  );
  return image;
}

// A muscle stays lit until its card is closed, or another is chosen.
export function keep(reach) {
  kept = reach;
  light(reach);
}

// A muscle lights up: where it lies, and its zones, the main ones stronger.
export function light(pointed) {
  if (kept && !byId("opened").querySelector(`[data-key="open:${CSS.escape(kept.of[0][0])}"]`)) kept = null;
  const reach = pointed ?? kept;
  for (const path of byId("figure").querySelectorAll(".place")) path.classList.remove("lies", "essential", "spillover");
  for (const part of reach ? reach.zones : []) mine(part)?.forEach((path) => path.classList.add(part.zone));
  const of = reach?.of ?? [];
  if (!of.some(([muscle]) => muscles[muscle])) for (const part of reach ? reach.lies : []) mine(part)?.forEach((path) => path.classList.add("lies"));
  for (const group of byId("figure").querySelectorAll(".muscle-of")) {
    const view = views.find(({ id }) => id === group.ownerSVGElement.dataset.view);
    group.replaceChildren(...of.flatMap(([muscle, side]) => (side ? [side] : SIDES).flatMap((one) => bellies(view, muscle, one))));
  }
}

const mine = (part) => [...byId("figure").querySelectorAll(`[data-place="${CSS.escape(key(part.region, part.side))}"]`)];
