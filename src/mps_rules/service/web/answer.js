// The answer as it stands: red flags before everything, then what may be the source, with what speaks for it and against it.

import { ask, Faulty } from "./api.js";
import { byId, folding, h, redraw, say, sheet } from "./dom.js";
import { examine, opens } from "./interview.js";
import * as map from "./map.js";
import * as patient from "./patient.js";
import { adviceOf, capital, criterion, flagName, held, muscleName, muscleState, placeName, rank, screened, term, urgencyName, words } from "./words.js";

const HYPOTHESES = 5;
const MUSCLES = 6;
const MISSING = 6;
const ARGUMENTS = 4;
const CHANGES = 3;
const NAMED = 3;
const MORE_MUSCLES = 12;

// What can be looked up in the literature comes first.
const published = (id) => Boolean(words.references[id]?.identifier);
const ranked = (ids) => [...ids].sort((one, other) => published(other) - published(one));

const sources = (ids) => (ids.length ? h("span", { class: "refs" }, ranked(ids).map((id) => h("button", { type: "button", class: "ref", onclick: () => source(id) }, id))) : null);

// What is still to be told, each to be opened and told at once.
function toTell(list, key) {
  const shown = list.slice(0, MISSING);
  const rest = list.length - shown.length;
  const ends = (n) => n < shown.length - 1 || rest; // its comma stays on its line
  const made = shown.flatMap((at, n) => [h("span", { class: "told" }, tells(at, named(at), `${key}:${at}`), ends(n) ? "," : null), ends(n) ? " " : null]);
  return rest ? [made, `and ${rest} more`] : made;
}

function tells(at, text, key) {
  const open = opens(at);
  const tell = () => {
    byId("sheet").close();
    open();
  };
  return open ? h("button", { type: "button", class: "link tell", "data-key": `tell:${key}`, onclick: tell }, text) : h("span", {}, text);
}

function source(id) {
  const of = words.references[id];
  sheet(id, h("p", {}, of ? of.text : id), of?.identifier ? h("p", {}, of.identifier) : null);
}

const named = (at) => {
  const [first, second, third] = at.split(".");
  if (first === "pain" && words.regions[second]) return `Pain in: ${placeName(second, third).toLowerCase()}`;
  return third ? `${muscleName(first, second)}: ${term(third).label}` : second && words.muscles[first] ? `${muscleName(first)}: ${term(second).label}` : term(second ?? first).label;
};

function proofLines(proof) {
  return h(
    "li",
    {},
    h("span", {}, proof.statement),
    proof.title ? h("span", { class: "quiet" }, ` — ${proof.title}`) : null,
    sources(proof.references ?? []),
    proof.limits ? h("p", { class: "quiet" }, `Limits: ${proof.limits}`) : null,
    proof.because?.length ? h("ul", { class: "proof" }, proof.because.map(proofLines)) : null,
  );
}

// A question about an answer: what goes wrong with it is said where its answer would have stood.
const inSheet = (title, make) => async () => {
  const waiting = h("p", { class: "quiet" }, "Working it out…");
  const answered = (...lines) => waiting.isConnected && byId("sheet").open && sheet(title, ...lines);
  sheet(title, waiting);
  try {
    answered(await make());
  } catch (error) {
    answered(h("p", { class: "caution" }, error instanceof Faulty ? error.message : "The program did not answer. Try again."));
    if (!(error instanceof Faulty)) throw error;
  }
};

async function proofOf(id) {
  const { proof } = await ask("why", { findings: patient.findings(), id });
  return h("ul", { class: "proof" }, proofLines(proof));
}

async function flipsOf(id) {
  const asked = { findings: patient.findings(), id };
  let { flips } = await ask("flip", asked);
  const settled = !flips.sets.length; // no open answer changes it: what is recorded might
  if (settled) ({ flips } = await ask("flip", { ...asked, through: "any" }));
  const alike = new Map(); // sets of the same findings, told apart by their words alone, are one line
  for (const one of flips.sets) {
    const key = one.changes.map((change) => change.address).join("+");
    alike.set(key, [...(alike.get(key) ?? []), one]);
  }
  const sets = [...alike.values()].map(([one, ...others]) =>
    h(
      "li",
      {},
      one.changes.map((change, n) => [n ? " and " : "", tells(change.address, change.text, `flip:${change.address}`)]),
      others.length ? `, or ${others.length} like it` : "",
      h("span", { class: "quiet" }, ` (${one.cost})`),
    ),
  );
  return [
    settled ? h("p", {}, "No answer that is still open changes it. If what is recorded were otherwise:") : null,
    h("p", {}, flips.reached ? "It would no longer hold with:" : "It would be reached with:"),
    sets.length ? h("ol", {}, sets) : h("p", { class: "quiet" }, `No set of up to ${flips.largest} answers would do it.`),
    flips.untried.length ? h("p", { class: "quiet" }, `Not tried: ${flips.untried.join("; ")}.`) : null,
  ];
}

const actions = (id, title, key) => [
  h("button", { type: "button", class: "link", "data-key": `why:${key}`, onclick: inSheet(`Why: ${title}`, () => proofOf(id)) }, "Why"),
  h("button", { type: "button", class: "link", "data-key": `flip:${key}`, onclick: inSheet(`What would change this: ${title}`, () => flipsOf(id)) }, "What would change this"),
];

function alertOf(one) {
  const raised = one.status === "raised";
  return h(
    "article",
    { class: `alert ${raised ? one.urgency : "open"}` },
    h("h3", {}, raised ? "" : `${flagName(one.status)}: `, one.label, h("span", { class: "pill" }, raised ? `${urgencyName(one.urgency)} · ${one.act_within}` : urgencyName(one.urgency))),
    raised ? h("p", {}, one.action) : h("p", {}, "Still to ask or examine: ", toTell(one.unknown, `alert:${one.id}`)),
    raised && one.meanwhile ? h("p", {}, `Meanwhile: ${one.meanwhile}`) : null,
    raised ? h("p", { class: "quiet" }, `Because: ${one.because.map((premise) => premise.text).join("; ")}`) : null,
    h("p", { class: "acts" }, actions(one.id, one.label, `alert:${one.id}`), sources(one.references)),
  );
}

function argument(one, sign) {
  const about = one.subjects.length ? ` (${one.subjects.map((subject) => (words.diagnoses[subject] ? words.diagnoses[subject].label : muscleName(...subject.split(".")))).join(", ")})` : "";
  return h("li", { class: sign === "+" ? "for" : "against" }, h("span", { class: "strength" }, one.strength ?? one.effect.replaceAll("_", " ")), h("span", {}, one.title + about, sources(one.references)));
}

function listed(id, lines) {
  if (!lines.length) return null;
  const rest = lines.slice(ARGUMENTS);
  return [
    h("ul", { class: "arguments" }, lines.slice(0, ARGUMENTS)),
    rest.length ? h("details", { class: "rest", "data-key": `rest:${id}` }, h("summary", {}, `${rest.length} more`), h("ul", { class: "arguments" }, rest)) : null,
  ];
}

// Each once; a place that a finding beside it already names is not named again.
function wanting(all) {
  const drawn = new Set(all.flatMap((at) => term(at).drawn_as ?? []));
  return [...new Map(all.filter((at) => !(at.startsWith("pain.") && drawn.has(at.split(".")[1]))).map((at) => [named(at), at])).values()];
}

// Red is for what is serious and stands; what nothing decides yet is no alarm.
const pillOf = (one) => `pill ${one.status}${one.kind === "serious" && one.supports.length && held(one.status).stands ? " serious" : ""}`;

function hypothesis(one, first) {
  const missing = wanting(one.undecided.flatMap((of) => of.unknown));
  return h(
    "details",
    { class: "hypothesis", "data-key": `h:${one.id}`, open: first },
    h("summary", {}, h("span", { class: "grow" }, one.label), h("span", { class: "counts" }, `${one.supports.length} for · ${one.opposes.length} against`), h("span", { class: pillOf(one) }, held(one.status).label)),
    listed(one.id, [...one.supports.map((of) => argument(of, "+")), ...one.opposes.map((of) => argument(of, "-"))]),
    missing.length ? h("p", { class: "quiet" }, "Not known yet, could count: ", toTell(missing, one.id), ".") : null,
    h("p", { class: "acts" }, actions(one.id, one.label, `h:${one.id}`)),
  );
}

const subjectOf = (one) => [one.muscle, one.side].filter(Boolean).join(".");

// The two sides of a muscle of which the same is said stand in one row.
function inRows(muscles, coverings) {
  const whole = coverings.filter((one) => one.explains.length > 1 && !one.unexplained.length);
  const alone = new Set(whole.filter((one) => one.muscles.length === 1).flatMap((one) => [...one.muscles, ...one.alternatives.flat()]));
  const pairs = whole.filter((one) => one.muscles.length === 2).flatMap(({ muscles: [one, other], alternatives: [ones, others] }) => [[one, other], ...ones.map((like, n) => [like, others[n]])]);
  const together = new Set(pairs.map((pair) => [...pair].sort().join()));
  const said = (one) => [one.muscle, one.status, one.score, ...one.explains, "or", ...one.might_explain].join();
  const rows = new Map();
  for (const one of muscles) rows.set(said(one), [...(rows.get(said(one)) ?? []), one]);
  return [...rows.values()].map((sides) => ({ sides, all: sides.length > 1 ? together.has(sides.map(subjectOf).sort().join()) : alone.has(subjectOf(sides[0])) }));
}

// "Why" lists every place; here a few are enough to scan.
function reached(one, all) {
  if (all) return "explains all of the pain";
  const list = (places) => {
    const named = places.slice(0, places.length > NAMED ? NAMED - 1 : NAMED).map((at) => placeName(...at.split(".")).toLowerCase());
    return [...named, ...(places.length > NAMED ? [`${places.length - named.length} more`] : [])].join(", ");
  };
  return one.explains.length ? `explains ${list(one.explains)}` : one.might_explain.length ? `might explain ${list(one.might_explain)}` : "reaches none of the pain";
}

function muscle({ sides, all }, reaches) {
  const [one] = sides;
  const name = sides.length > 1 ? `${muscleName(one.muscle)}, both sides` : muscleName(one.muscle, one.side);
  const reach = { zones: sides.flatMap((side) => reaches.get(subjectOf(side))?.zones ?? []), lies: sides.flatMap((side) => reaches.get(subjectOf(side))?.lies ?? []), of: sides.map(({ muscle: id, side }) => [id, side]) };
  const lit = { onpointerenter: () => map.light(reach), onpointerleave: () => map.light(null), onfocusin: () => map.light(reach), onfocusout: () => map.light(null) };
  return h(
    "li",
    { class: "muscle", ...lit },
    h("button", { type: "button", class: "plain grow name", "data-key": `mu:${subjectOf(one)}`, onclick: () => { examine("muscle", one.muscle, one.side === "right" ? "right" : "left"); map.keep(reach); } }, name),
    h("span", { class: "quiet explains" }, reached(one, all)),
    h("span", {}, h("span", { class: `pill ${one.status}` }, muscleState(one.status))),
    h("button", { type: "button", class: "link", "data-key": `muwhy:${subjectOf(one)}`, onclick: () => terms(one, muscleName(one.muscle, one.side)) }, "Why"),
  );
}

const isPressing = ({ urgency }) => words.pressing.includes(urgency);

// While a red flag presses, muscles wait behind a heading that says so.
function muscles(assessment, reach) {
  const { muscles: found, coverings } = assessment;
  if (!found.length) return null;
  const reaches = new Map(reach.map((one) => [subjectOf(one), one]));
  const rows = inRows(found, coverings);
  const listed = (from, to) => h("ul", { class: "list muscles" }, rows.slice(from, to).map((row) => muscle(row, reaches)));
  const rest = Math.min(rows.length - MUSCLES, MORE_MUSCLES);
  const more = rest > 0 ? section(`${rest} more muscles`, "muscles:more", undefined, false, () => listed(MUSCLES, MUSCLES + MORE_MUSCLES)) : null;
  if (isPressing(assessment)) return section("Muscles that could send this pain: only once the red flag is excluded", "muscles", undefined, false, () => [listed(0, MUSCLES), more]);
  return [h("h3", {}, "Muscles that could send this pain"), listed(0, MUSCLES), more];
}

function terms(one, name) {
  sheet(
    `Why: ${name}`,
    h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Counts"), h("th", { scope: "col" }, "For"))), h("tbody", {}, one.terms.map((of) => h("tr", {}, h("td", { class: "number" }, of.value > 0 ? `+${of.value}` : String(of.value)), h("td", {}, of.text))))),
    one.path.length ? h("ul", {}, one.path.map((text) => h("li", {}, text))) : null,
    one.safety ? h("p", {}, `Care: ${one.safety}`) : null,
    sources(one.references),
  );
}

const section = (title, key, count, open, make) => folding({ class: "part", "data-key": key, open }, [title, count === undefined ? null : h("span", { class: "count" }, ` ${count}`)], make);

function criteria(list) {
  const met = (one) => one.items.filter((item) => item.status === "met").length;
  const place = (one) => rank(Object.keys(words.criteria), one.status);
  const shown = list.filter((one) => one.status === "met" || met(one)).sort((a, b) => place(a) - place(b) || met(b) - met(a));
  return section(
    "Published definitions, side by side",
    "criteria",
    `${list.filter((one) => one.status === "met").length} met`,
    false,
    () => h(
      "table",
      {},
      h("thead", {}, h("tr", {}, ["Definition", "Status", "Items"].map((text) => h("th", { scope: "col" }, text)))),
      h(
        "tbody",
        {},
        (shown.length ? shown : list).map((one) =>
          h(
            "tr",
            {},
            h("td", {}, one.label, one.subject !== "patient" ? h("span", { class: "quiet" }, ` ${muscleName(...one.subject.split("."))}`) : null),
            h("td", {}, h("span", { class: `pill ${one.status}` }, criterion(one.status).label)),
            h("td", {}, h("ul", { class: "items" }, one.items.map((item) => h("li", { class: item.status }, h("span", { "aria-label": criterion(item.status).label, role: "img" }, criterion(item.status).mark), ` ${item.label}`)))),
          ),
        ),
      ),
    ),
  );
}

const kindOf = (one) => rank(words.advice.map(({ id }) => id), one.kind);

const advice = (list) =>
  [...list].sort((a, b) => kindOf(a) - kindOf(b)).map((one) =>
    h("li", {}, h("span", { class: `kind ${one.kind}` }, adviceOf(one.kind).label), h("span", {}, one.text, one.limits ? h("span", { class: "quiet limits" }, `Limits: ${one.limits}`) : null), sources(one.references)),
  );

const CAUTIONS = 2; // in view; the others are folded

function cautions(list) {
  if (!list.length) return null;
  const lines = (of) => h("ul", { class: "texts" }, of.map((one) => h("li", {}, one.text, sources(one.references))));
  const rest = list.slice(CAUTIONS);
  return [h("h3", {}, "Cautions"), lines(list.slice(0, CAUTIONS)), rest.length ? section(`${rest.length} more cautions`, "cautions", undefined, false, () => lines(rest)) : null];
}

// While a red flag presses, only what it asks for and what is to be avoided stands in view.
function toConsider(assessment) {
  const all = assessment.recommendations;
  if (!all.length) return null;
  const now = isPressing(assessment) ? all.filter((one) => !adviceOf(one.kind).waits) : all;
  const later = all.filter((one) => !now.includes(one));
  const lines = (of) => h("ul", { class: "texts advice" }, advice(of));
  return section(
    "What to consider: examination, care, what to avoid",
    "advice",
    now.length,
    false,
    () => [lines(now), later.length ? section("Only once the red flag is excluded", "advice:later", later.length, false, () => lines(later)) : null],
  );
}

function inShort(assessment) {
  const raised = assessment.alerts.filter((one) => one.status === "raised");
  if (raised.length) return null;
  const open = [...assessment.unscreened.flatMap((one) => one.terms), ...assessment.alerts.flatMap((one) => one.unknown)];
  const examined = open.length && open.every((at) => rank(words.costs, term(at.split(".").pop()).cost ?? words.costs[0]) > 0);
  const asked = examined && assessment.screening === "partial" ? "nothing raised by what was asked; what is still open is examined or tested" : screened(assessment.screening);
  return h("p", { class: `short ${assessment.screening}` }, h("strong", {}, assessment.screening === "complete" ? "No red flag raised" : "Urgency not known"), `; ${asked}.`);
}

function changed(lines) {
  const lesser = (text) => words.lesser_changes.some((start) => text.startsWith(`${start}:`));
  const first = lines.filter((text) => !lesser(text)).slice(0, CHANGES);
  const rest = lines.filter((text) => !first.includes(text));
  const items = (of) => h("ul", {}, of.map((text) => h("li", {}, text)));
  return h(
    "aside",
    { class: "changed", "aria-label": "Since the last answer" },
    h("h3", {}, "Since the last answer"),
    first.length ? items(first) : null,
    rest.length ? h("details", { "data-key": "changes" }, h("summary", {}, first.length ? `${rest.length} more` : "Muscles and advice"), items(rest)) : null,
  );
}

// The line that stays in sight whatever is scrolled, folded or opened: what is urgent, in words.
function inSight(kind, urgency, about, within) {
  for (const line of [byId("brief"), byId("sheet-brief")]) {
    line.className = kind;
    line.replaceChildren(h("strong", {}, capital(urgency)), within ? h("span", {}, ` · ${within}`) : "", h("span", {}, `: ${about}`));
  }
  byId("sheet-brief").hidden = !kind;
}

export function show(answer, again) {
  const { assessment, difference } = answer;
  const told = assessment.hypotheses.filter((one) => one.supports.length || one.opposes.length);
  const strong = told.filter((one) => one.supports.length);
  const only = told.filter((one) => !one.supports.length);
  const raised = assessment.alerts.filter((one) => one.status === "raised");
  const open = assessment.alerts.filter((one) => one.status !== "raised");
  const used = [...new Set([...assessment.alerts, ...told.flatMap((one) => [...one.supports, ...one.opposes]), ...assessment.cautions, ...assessment.recommendations].flatMap((one) => one.references))].sort();
  redraw(
    byId("result"),
    raised.map(alertOf),
    inShort(assessment),
    open.length ? section("Open red flags: not enough is known to clear them", "open", open.length, open.some((one) => one.urgency !== "soon"), () => open.map(alertOf)) : null,
    again && difference.length ? changed(difference) : null,
    h("h3", {}, "What may be behind it"),
    strong.length ? strong.slice(0, HYPOTHESES).map((one, n) => hypothesis(one, n === 0)) : h("p", { class: "quiet" }, "Nothing speaks for anything yet. Mark where it hurts, then answer what is asked."),
    strong.length > HYPOTHESES || only.length
      ? section("Other hypotheses", "others", strong.length - Math.min(strong.length, HYPOTHESES) + only.length, false, () => [...strong.slice(HYPOTHESES), ...only].map((one) => hypothesis(one, false)))
      : null,
    muscles(assessment, answer.reach),
    assessment.beyond.length ? h("p", { class: "caution" }, `Not covered by these red flags: ${assessment.beyond.join("; ")}.`) : null,
    cautions(assessment.cautions),
    toConsider(assessment),
    criteria(assessment.criteria),
    used.length ? section("Sources", "sources", used.length, false, () => h("ul", { class: "texts" }, used.map((id) => h("li", {}, h("strong", {}, id), ` ${words.references[id]?.text ?? ""}`)))) : null,
  );
  const lead = strong[0] ? `${strong[0].label}: ${held(strong[0].status).label}.` : "Nothing leads yet.";
  const urgent = raised.map((one) => one.label);
  const first = urgent.length ? `Red flag raised: ${urgent.join(", ")}. ` : "";
  say(`${first}${again && difference.length ? difference[0] : lead}`);
  const pressing = open.filter((one) => words.pressing.includes(one.urgency));
  const more = (list) => (list.length > 1 ? `, and ${list.length - 1} more` : "");
  if (raised.length) inSight(`alarm ${raised[0].urgency}`, urgencyName(assessment.urgency), `${raised[0].label}${more(raised)}`, raised[0].act_within);
  else if (pressing.length) inSight("open", `${flagName("open")}, ${urgencyName(pressing[0].urgency)}`, `${pressing[0].label}${more(pressing)}`);
  else inSight("", assessment.screening === "complete" ? "No red flag raised" : "Urgency not known", lead);
}
