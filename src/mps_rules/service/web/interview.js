// What to ask and examine next, and everything else that can be said: found by its words.

import { ask } from "./api.js";
import { byId, h, redraw } from "./dom.js";
import { field } from "./fields.js";
import * as map from "./map.js";
import * as patient from "./patient.js";
import { muscleName, term, valueText, words } from "./words.js";

const AT_A_TIME = 3;
const FIELDS = 2; // of a diagnosis, in view
const PATIENT = "patient";
const SIDES = ["left", "right"];

const opened = []; // {kind, id, side}: what was chosen from a search, newest first
let answer = null;
let drawn = []; // the questions as they were last drawn, each with what was told of it by then
const later = new Set(); // steps that were put off: they come after all others
let begun = null; // the one that was answered last: it stays where it is until all of it is told, or another is answered

export function start() {
  const input = byId("words");
  let waiting;
  let asking;
  const find = async () => {
    asking?.abort();
    const text = input.value.trim();
    if (!text) return redraw(byId("found"));
    asking = new AbortController();
    try {
      const { found, all_words: whole } = await ask("search", { text }, asking.signal);
      const note = !found.length ? "Nothing is called that. Try another word." : whole ? null : "Nothing has all of these words. Nearest:";
      byId("found").dataset.whole = String(whole);
      redraw(byId("found"), note ? h("li", { class: "quiet" }, note) : null, found.map(hit));
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
    return undefined;
  };
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    byId("found").dataset.whole = "";
    waiting = setTimeout(find, 150);
  });
  byId("search").addEventListener("submit", (event) => {
    event.preventDefault();
    // What only comes near, or was found for other words, is chosen by hand.
    if (byId("found").dataset.whole === "true") byId("found").querySelector("button")?.click();
  });
}

function hit(one) {
  const choose = () => {
    if (one.kind === "place") map.set(one.id, null);
    else if (one.kind === "diagnosis") patient.setLabel(one.id, true);
    if (one.kind === "sign" && !examineFor(one.id)) return redraw(byId("found"), h("li", { class: "quiet" }, "A sign of one muscle: find the muscle, or mark where it hurts first."));
    if (one.kind !== "place" && one.kind !== "sign") examine(one.kind, one.id, one.kind === "muscle" ? map.side() : null);
    byId("words").value = "";
    return redraw(byId("found"));
  };
  return h("li", {}, h("button", { type: "button", class: "plain grow", "data-key": `hit:${one.kind}:${one.id}`, onclick: choose }, one.label), h("span", { class: "quiet" }, one.kind));
}

// Opens what was chosen, above the questions.
export function examine(kind, id, side) {
  const already = opened.findIndex((one) => one.kind === kind && one.id === id && one.side === side);
  if (already >= 0) opened.splice(already, 1);
  opened.unshift({ kind, id, side });
  opened.length = Math.min(opened.length, AT_A_TIME);
  draw();
  byId("opened").querySelector(".choice button, .field select, .field input, .chip")?.focus({ preventScroll: true });
  byId("opened").scrollIntoView({ block: "nearest" });
}

// Opens the muscle that a sign is most likely looked for in: the one being examined, else the one that ranks first. False where there is none.
function examineFor(sign) {
  const [best] = answer?.assessment.muscles ?? [];
  const now = opened.find((one) => one.kind === "muscle") ?? (best && { id: best.muscle, side: best.side ?? map.side() });
  if (!now) return false;
  examine("muscle", now.id, now.side);
  opened[0].first = [...new Set([sign, ...opened[0].first])];
  draw();
  return true;
}

// How to open what an address names; nothing where only the map can tell it.
export function opens(at) {
  const [first, second, third] = at.split(".");
  if (words.muscles[first]) return () => examine("muscle", first, third ? second : map.side());
  const label = first === "labels" ? second : first;
  if (words.diagnoses[label]) return () => examine("diagnosis", label, null);
  return words.terms[first] ? () => examine("finding", first, null) : null;
}

export function forget() {
  opened.length = 0;
  later.clear();
  drawn = [];
  begun = null;
}

function toldOf(subject, id) {
  if (subject === PATIENT || term(id).subject === PATIENT) return patient.findings()[id];
  if (term(id).subject !== "label") return patient.examOf(...subject.split("."))[id];
  const given = patient.labels()[subject];
  return typeof given === "object" ? given[id] : undefined;
}

const told = (one) => one.terms.filter((id) => toldOf(one.subject, id) !== undefined);
const toldText = (one) => JSON.stringify(one.terms.map((id) => toldOf(one.subject, id) ?? null));
const finished = (one) => told(one).length === one.terms.length && one.terms.every((id) => term(id).kind !== "many_of");
const stepOf = (one) => `${one.step}:${one.subject}`;
const same = (one, other) => stepOf(one) === stepOf(other);

const ofPatient = (id) => field(id, `f:${id}`, patient.findings()[id], (value) => patient.setFinding(id, value));

const ofMuscle = (muscle, side, id) => field(id, `m:${muscle}.${side}:${id}`, patient.examOf(muscle, side)[id], (value) => patient.setOfMuscle(muscle, side, id, value));

function ofLabel(label, id) {
  const given = patient.labels()[label];
  return field(id, `l:${label}:${id}`, typeof given === "object" ? given[id] : undefined, (value) => patient.setOfLabel(label, id, value));
}

function close(one) {
  opened.splice(opened.indexOf(one), 1);
  draw();
}

function card(title, key, about, ...children) {
  return h("article", { class: "card", "data-key": key }, h("h3", {}, title), about, children);
}

const palpation = (id) => {
  const of = words.muscles[id];
  const told = [
    ["Lies in", of.lies_in.join(", ")],
    ["Reached", of.access.replaceAll("_", " ")],
    ["Does", of.action],
    ["Worse with", of.aggravating],
    ["Care", of.safety],
  ];
  return h("dl", {}, told.filter(([, text]) => text).map(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]));
};

const signs = () => Object.keys(words.terms).filter((id) => words.terms[id].subject === "muscle" && !words.terms[id].follows && words.terms[id].cost !== "tested");
const ofLabels = () => Object.keys(words.terms).filter((id) => words.terms[id].subject === "label" && !words.terms[id].follows);

function openedCard(one) {
  const shut = h("button", { type: "button", class: "plain shut", "aria-label": `Close ${one.id.replaceAll("_", " ")}`, "data-key": `shut:${one.kind}:${one.id}`, onclick: () => close(one) }, "×");
  if (one.kind === "finding") return card(term(one.id).label, `open:${one.id}`, shut, ofPatient(one.id), patient.findings()[one.id] === undefined ? h("p", { class: "quiet" }, "Nothing is recorded until it is told here.") : null);
  if (one.kind === "diagnosis") {
    const of = words.diagnoses[one.id];
    const given = patient.labels()[one.id];
    const held = h(
      "span",
      { class: "choice", role: "group", "aria-label": of.label },
      ["Given", "Denied", "Don’t know"].map((label, n) => {
        const meant = [true, false, undefined][n];
        const now = given === undefined ? undefined : given !== false;
        return h("button", { type: "button", "data-key": `l:${one.id}:${n}`, "aria-pressed": String(now === meant), onclick: () => patient.setLabel(one.id, meant) }, label);
      }),
    );
    return card(
      `Diagnosis: ${of.label}`,
      `open:${one.id}`,
      shut,
      held,
      of.why_masks ? h("p", {}, of.why_masks) : null,
      of.examine ? h("p", {}, `Examine: ${of.examine}`) : null,
      given ? ofLabels().slice(0, FIELDS).map((id) => ofLabel(one.id, id)) : null,
      given ? h("details", { "data-key": `more:${one.id}` }, h("summary", {}, "More about it"), ofLabels().slice(FIELDS).map((id) => ofLabel(one.id, id))) : null,
    );
  }
  const sides = h(
    "span",
    { class: "choice", role: "group", "aria-label": "Side" },
    SIDES.map((side) =>
      h(
        "button",
        {
          type: "button",
          "data-key": `side:${one.id}:${side}`,
          "aria-pressed": String(one.side === side),
          onclick: () => {
            one.side = side;
            draw();
          },
        },
        side,
      ),
    ),
  );
  one.first ??= answer?.assessment.questions.find((question) => question.subject.startsWith(`${one.id}.`))?.terms ?? signs().slice(0, 5);
  const told = patient.examOf(one.id, one.side);
  const first = signs().filter((id) => one.first.includes(id) || id in told); // they stay where they are once they are told
  const others = signs().filter((id) => !first.includes(id));
  return card(
    `Examine: ${muscleName(one.id)}`,
    `open:${one.id}`,
    shut,
    sides,
    palpation(one.id),
    first.map((id) => ofMuscle(one.id, one.side, id)),
    h("details", { "data-key": `more:${one.id}` }, h("summary", {}, "Other signs"), others.map((id) => ofMuscle(one.id, one.side, id))),
  );
}

const alarming = () => new Set([...answer.assessment.unscreened, ...answer.assessment.alerts.filter((one) => one.status === "open")].flatMap((one) => one.terms ?? one.unknown));

function question(one, alarm) {
  const [subject, side] = one.subject.split(".");
  const red = one.subject === PATIENT && one.terms.some((id) => alarm.has(id));
  const label = words.steps[one.step]?.label;
  const fields = one.terms.map((id) =>
    one.subject === PATIENT || term(id).subject === PATIENT ? ofPatient(id) : words.diagnoses[subject] && term(id).subject === "label" ? ofLabel(subject, id) : ofMuscle(subject, side ?? null, id),
  );
  const title = label && one.subject === PATIENT ? label : words.muscles[subject] ? `Examine: ${muscleName(subject, side)}` : words.diagnoses[subject] ? `About: ${words.diagnoses[subject].label}` : (label ?? one.text);
  const yesNo = one.terms.filter((id) => term(id).kind === "boolean");
  const open = yesNo.filter((id) => patient.findings()[id] === undefined);
  const none = () => patient.replace({ ...patient.findings(), ...Object.fromEntries(open.map((id) => [id, false])) });
  // Only of what is asked: among examined findings some are the healthy ones, which nobody means to deny.
  const deniable = one.subject === PATIENT && one.terms.every((id) => term(id).cost === "asked") && yesNo.length > 1 && open.length > 0;
  const act = (name, key, text, onclick) => h("button", { type: "button", class: `plain ${name}`, "data-key": `${name}:${key}`, "aria-label": `${text}: ${title}`, onclick }, text);
  return h(
    "article",
    { class: `card${red ? " red" : ""}`, "data-key": `q:${stepOf(one)}` },
    red ? h("p", { class: "tag" }, "Red flag") : null,
    h(
      "h3",
      {},
      h("span", { class: "grow" }, title),
      deniable ? act("none", one.step, "None of these", none) : null,
      act("later", stepOf(one), "Later", () => putOff(one)),
    ),
    words.muscles[subject] ? palpation(subject) : null,
    fields,
    h("p", { class: "why" }, `Why: ${one.why}`),
  );
}

function putOff(one) {
  later.delete(stepOf(one));
  later.add(stepOf(one));
  if (begun && same(one, begun)) begun = null;
  draw();
  byId("questions").querySelector(".later")?.focus({ preventScroll: true });
}

export function show(next) {
  answer = next;
  const touched = drawn.findIndex((one) => toldText(one) !== one.told);
  if (touched >= 0) begun = { ...drawn[touched], at: touched };
  if (begun && (finished(begun) || !told(begun).length)) begun = null;
  draw();
}

// What is told of anybody stays in view.
function atHand(id) {
  const control = field(id, `h:${id}`, patient.findings()[id], (value) => patient.setFinding(id, value));
  const asked = answer.assessment.questions.find((one) => one.subject === PATIENT && one.terms.includes(id));
  if (asked) control.title = `Why: ${asked.why}`;
  return control;
}

// At most three; one that was begun keeps its place and its fields, whatever else is asked of it by now.
function nextQuestions() {
  const above = new Set(opened.filter((one) => one.kind === "muscle").map((one) => `${one.id}.${one.side}`));
  const elsewhere = (id) => !words.at_hand.includes(id);
  const order = [...later];
  const next = answer.assessment.questions
    .filter((one) => !above.has(one.subject))
    .map((one) => ({ ...one, terms: one.terms.filter(elsewhere) }))
    .filter((one) => one.terms.length)
    .sort((one, other) => order.indexOf(stepOf(one)) - order.indexOf(stepOf(other)));
  if (begun && !above.has(begun.subject)) {
    const now = next.findIndex((one) => same(one, begun));
    const [again] = now >= 0 ? next.splice(now, 1) : [begun];
    next.splice(begun.at, 0, { ...again, terms: [...new Set([...begun.terms, ...again.terms])] });
  }
  return next.slice(0, AT_A_TIME);
}

function draw() {
  if (!answer) return;
  const { screened, should_stop: enough } = answer;
  const done = screened.flags - screened.open;
  redraw(
    byId("screened"),
    h("div", { class: "bar" }, h("progress", { max: screened.flags || 1, value: done, "aria-label": "Red flags cleared or raised" }), h("span", {}, `${done} of ${screened.flags} red flags decided`)),
  );
  redraw(byId("at-hand"), words.at_hand.map(atHand));
  redraw(byId("opened"), opened.map(openedCard));
  const alarm = alarming();
  const next = nextQuestions();
  drawn = next.map((one) => ({ ...one, told: toldText(one) }));
  redraw(
    byId("questions"),
    enough && next.length ? h("p", { class: "enough" }, "Nothing that is still open could raise the urgency or put another hypothesis first. What follows only refines.") : null,
    next.length ? next.map((one) => question(one, alarm)) : h("p", { class: "quiet" }, "Nothing more to ask."),
  );
  const lines = known();
  byId("known-count").textContent = lines.length ? `(${lines.length})` : "";
  redraw(byId("known-list"), lines.length ? h("ul", { class: "list" }, lines) : h("p", { class: "quiet" }, "Nothing yet."));
}

function known() {
  const given = patient.findings();
  const row = (name, text, open, drop, key) =>
    h(
      "li",
      {},
      h("button", { type: "button", class: "plain grow", "data-key": `known:${key}`, onclick: open }, name),
      h("span", {}, text),
      h("button", { type: "button", class: "plain", "aria-label": `Take back ${name}`, "data-key": `forget:${key}`, onclick: drop }, "×"),
    );
  const own = Object.entries(given).filter(([id]) => !["pain", "labels", "exam", "pain_map_complete"].includes(id));
  return [
    ...own.map(([id, value]) => row(term(id).label, valueText(term(id), value), () => examine("finding", id, null), () => patient.setFinding(id, undefined), id)),
    ...Object.entries(patient.labels()).map(([id, value]) =>
      row(words.diagnoses[id]?.label ?? id, value === false ? "denied" : "given", () => examine("diagnosis", id, null), () => patient.setLabel(id, undefined), `l:${id}`),
    ),
    ...Object.entries(patient.labels()).flatMap(([label, value]) =>
      Object.entries(typeof value === "object" ? value : {}).map(([id, told]) =>
        row(`${words.diagnoses[label]?.label ?? label}: ${term(id).label}`, valueText(term(id), told), () => examine("diagnosis", label, null), () => patient.setOfLabel(label, id, undefined), `l:${label}.${id}`),
      ),
    ),
    ...patient.exams().flatMap((one) =>
      Object.entries(one)
        .filter(([id]) => id !== "muscle" && id !== "side")
        .map(([id, value]) =>
          row(`${muscleName(one.muscle, one.side)}: ${term(id).label}`, valueText(term(id), value), () => examine("muscle", one.muscle, one.side ?? "left"), () => patient.setOfMuscle(one.muscle, one.side, id, undefined), `m:${one.muscle}.${one.side}.${id}`),
        ),
    ),
  ];
}
