// What to ask and examine next, and everything else that can be said: found by its words.

import { ask } from "./api.js";
import { byId, folding, h, redraw } from "./dom.js";
import { field } from "./fields.js";
import * as map from "./map.js";
import * as patient from "./patient.js";
import { accessName, kindName, muscleName, screened, term, valueText, words } from "./words.js";

const AT_A_TIME = 3;
const FIELDS = 2; // of a diagnosis, in view
const PATIENT = "patient";
const SIDES = ["left", "right"];

const opened = []; // {kind, id, side}: what was chosen from a search, newest first
let answer = null;
let drawn = []; // the questions as they were last drawn, each with what was told of it by then
const lately = new Map(); // step -> {one, before}: what was answered of it, with what was known before, so that it can be taken back in its place
const SETTLES_MS = 500;
const GIVEN_SHOWN = 3;
let goesOn = false; // beyond what is enough
const later = new Set(); // steps that were put off: they come after all others
let begun = null; // the one that was answered last: it stays where it is until all of it is told, or another is answered

export function start() {
  byId("ask").addEventListener("click", once, true);
  document.addEventListener("keydown", pressed);
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
    const side = one.side === "bilateral" ? map.side() : one.side;
    if (one.kind === "place") map.set(one.id, one.side ?? null);
    else if (one.kind === "diagnosis") patient.setLabel(one.id, true);
    if (one.kind === "sign" && !examineFor(one.id)) return redraw(byId("found"), h("li", { class: "quiet" }, "A sign of one muscle: find the muscle, or mark where it hurts first."));
    if (one.kind !== "place" && one.kind !== "sign") examine(one.kind, one.id, one.kind === "muscle" ? (side ?? map.side()) : null);
    byId("words").value = "";
    return redraw(byId("found"));
  };
  return h("li", {}, h("button", { type: "button", class: "plain grow", "data-key": `hit:${one.kind}:${one.id}`, onclick: choose }, one.side ? `${one.label}, ${one.side}` : one.label), h("span", { class: "quiet" }, kindName(one.kind)));
}

// Opens what was chosen, above the questions.
export function examine(kind, id, side) {
  const already = opened.findIndex((one) => one.kind === kind && one.id === id && one.side === side);
  if (already >= 0) opened.splice(already, 1);
  opened.unshift({ kind, id, side });
  opened.length = Math.min(opened.length, AT_A_TIME);
  draw();
  firstOf(byId("opened"))?.focus({ preventScroll: true });
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
  lately.clear();
  goesOn = false;
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
    ["Reached", accessName(of.access)],
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
    map.chart(one.id, one.side),
    palpation(one.id),
    first.map((id) => ofMuscle(one.id, one.side, id)),
    h("details", { "data-key": `more:${one.id}` }, h("summary", {}, "Other signs"), others.map((id) => ofMuscle(one.id, one.side, id))),
  );
}

const alarming = () => new Set([...answer.assessment.unscreened, ...answer.assessment.alerts.filter((one) => one.status === "open")].flatMap((one) => one.terms ?? one.unknown));

function titleOf(one) {
  const [subject, side] = one.subject.split(".");
  const label = words.steps[one.step]?.label;
  if (label && one.subject === PATIENT) return label;
  if (words.muscles[subject]) return `Examine: ${muscleName(subject, side)}`;
  return words.diagnoses[subject] ? `About: ${words.diagnoses[subject].label}` : (label ?? one.text);
}

// What was answered and has left its place: said there, to be taken back there.
function givenLine(step, { one, before }) {
  const now = one.terms.map((id) => [id, toldOf(one.subject, id)]).filter(([id, value]) => value !== undefined && before[id] === undefined);
  const said = now.every(([, value]) => value === false) ? `none of ${now.length === 1 ? "it" : `these ${now.length}`}` : now.filter(([, value]) => value !== false).map(([id, value]) => `${term(id).label}: ${valueText(term(id), value)}`).join("; ");
  const title = titleOf(one);
  return h(
    "p",
    { class: "done" },
    h("span", { class: "grow", title: now.map(([id, value]) => `${term(id).label}: ${valueText(term(id), value)}`).join("\n") }, `${title}: ${said}`),
    h("button", { type: "button", class: "link", "data-key": `back:${step}`, "aria-label": `Take back: ${title}`, onclick: () => takeBack(step) }, "Take back"),
  );
}

function takeBack(step) {
  const { one, before } = lately.get(step);
  lately.delete(step);
  const [subject, side] = one.subject.split(".");
  const own = one.terms.filter((id) => one.subject === PATIENT || term(id).subject === PATIENT);
  patient.setFindings(Object.fromEntries(own.map((id) => [id, before[id]])));
  for (const id of one.terms.filter((at) => !own.includes(at))) {
    if (toldOf(one.subject, id) === before[id]) continue;
    if (term(id).subject === "label") patient.setOfLabel(subject, id, before[id]);
    else patient.setOfMuscle(subject, side ?? null, id, before[id]);
  }
}

function givenLines(shown) {
  const left = [...lately].filter(([step, { one, before }]) => !shown.has(step) && one.terms.some((id) => toldOf(one.subject, id) !== undefined && before[id] === undefined));
  return left.slice(-GIVEN_SHOWN).map(([step, of]) => givenLine(step, of));
}

function question(one, alarm) {
  const [subject, side] = one.subject.split(".");
  const red = one.subject === PATIENT && one.terms.some((id) => alarm.has(id));
  const fields = one.terms.map((id) =>
    one.subject === PATIENT || term(id).subject === PATIENT ? ofPatient(id) : words.diagnoses[subject] && term(id).subject === "label" ? ofLabel(subject, id) : ofMuscle(subject, side ?? null, id),
  );
  const title = titleOf(one);
  const yesNo = one.terms.filter((id) => term(id).kind === "boolean");
  const open = yesNo.filter((id) => patient.findings()[id] === undefined);
  const none = () => patient.setFindings(Object.fromEntries(open.map((id) => [id, false])));
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
    words.muscles[subject] ? [palpation(subject), folding({ "data-key": `chart:${one.subject}` }, "Picture of the muscle", () => map.chart(subject, side ?? map.side()))] : null,
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
  if (touched >= 0) {
    begun = { ...drawn[touched], at: touched };
    const step = stepOf(begun);
    const earlier = lately.get(step);
    lately.delete(step); // the newest stands last
    lately.set(step, { one: { ...begun, terms: [...new Set([...(earlier?.one.terms ?? []), ...begun.terms])] }, before: { ...begun.before, ...earlier?.before } });
  }
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

function goOn() {
  goesOn = true;
  draw();
  firstOf(byId("questions").querySelector("article"))?.focus({ preventScroll: true });
}

const firstOf = (part) => part?.querySelector(".choice [tabindex='0'], .field select, .field input, .chip");

// A card that is new in its place, or has moved there, takes no click at once.
const stood = new Map();
function settle() {
  const cards = [...byId("opened").querySelectorAll("article"), ...byId("questions").querySelectorAll("article")];
  const moved = cards.filter((one) => stood.get(one.dataset.key) !== one.offsetTop);
  stood.clear();
  for (const one of cards) stood.set(one.dataset.key, one.offsetTop);
  for (const one of moved) {
    one.classList.add("settling");
    setTimeout(() => one.classList.remove("settling"), SETTLES_MS);
  }
}

// Keys answer the finding that has the keyboard; N goes on to the next step.
const ANSWERS = { p: true, a: false, "?": undefined };
const TYPED = "input, select, textarea, dialog *";

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.(TYPED)) return;
  const key = event.key.toLowerCase();
  const group = event.target.closest?.(".choice.finding");
  if (group && key in ANSWERS) group.querySelector(`[data-key$=":${ANSWERS[key]}"]`)?.dispatchEvent(new CustomEvent("tell"));
  else if (group && /^arrow(left|right)$/.test(key)) beside(group, event.target, key === "arrowright" ? 1 : -1);
  else if (key === "n" && (event.target === document.body || event.target.closest?.("main"))) nextStep(event.target);
  else return;
  event.preventDefault();
}

function beside(group, button, by) {
  const all = [...group.querySelectorAll("button")];
  all.at((all.indexOf(button) + by) % all.length).focus();
}

function nextStep(from) {
  const steps = [...byId("opened").querySelectorAll("article"), ...byId("questions").querySelectorAll("article")];
  const next = steps[(steps.indexOf(from.closest?.("article")) + 1) % steps.length];
  firstOf(next)?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: "nearest" });
}

// The second half of a double click answers nothing.
function once(event) {
  if (event.detail > 1 && event.target.closest("button:not(.chip)")) {
    event.preventDefault();
    event.stopPropagation();
  }
}

function draw() {
  if (!answer) return;
  const enough = answer.assessment.screening === "complete";
  const { flags, open } = answer.screened;
  const done = flags - open;
  redraw(
    byId("screened"),
    h("div", { class: "bar" }, h("progress", { max: flags || 1, value: done, "aria-label": "Red flags cleared or raised" }), h("span", {}, `${done} of ${flags} red flags decided`)),
  );
  redraw(byId("at-hand"), words.at_hand.map(atHand));
  redraw(byId("opened"), opened.map(openedCard));
  const alarm = alarming();
  const possible = nextQuestions();
  const waits = enough && !goesOn && possible.length > 0;
  const next = waits ? [] : possible;
  drawn = next.map((one) => ({ ...one, told: toldText(one), before: Object.fromEntries(one.terms.map((id) => [id, toldOf(one.subject, id)])) }));
  const keyboard = byId("questions").contains(document.activeElement);
  redraw(
    byId("questions"),
    givenLines(new Set(next.map(stepOf))),
    enough ? h("p", { class: "enough" }, `Enough is known to stop here: ${screened(answer.assessment.screening)}.`, possible.length ? " What else could be asked only refines." : "") : null,
    waits ? h("button", { type: "button", "data-key": "go-on", class: "go-on", onclick: goOn }, "Go on asking") : null,
    next.length ? next.map((one) => question(one, alarm)) : waits ? null : h("p", { class: "quiet" }, "Nothing more to ask."),
    next.length ? h("p", { class: "keys" }, "Keys: ", h("kbd", {}, "P"), " present, ", h("kbd", {}, "A"), " absent, ", h("kbd", {}, "?"), " don’t know, ", h("kbd", {}, "N"), " next step") : null,
  );
  if (keyboard && !byId("questions").contains(document.activeElement)) firstOf(byId("questions").querySelector("article"))?.focus({ preventScroll: true });
  settle();
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
