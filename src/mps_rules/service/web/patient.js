// What is known of one patient. It lives in this tab's memory, and in the address's fragment only when a link is asked for.

const KEPT = 200;

let known = {};
let person = 0; // a number of this tab alone: it tells one patient from the next
let persons = 0;
const past = []; // {person, known}: what can be gone back to
const listeners = [];

export const findings = () => known;
export const who = () => person;
export const isTold = () => Object.keys(known).length > 0;
export const canUndo = () => past.length > 0;
export const onChange = (listener) => listeners.push(listener);

function become(whose, next) {
  [person, known] = [whose, next];
  for (const listener of listeners) listener();
}

function keep() {
  past.push({ person, known });
  if (past.length > KEPT) past.shift();
}

export function replace(next) {
  keep();
  become(person, next);
}

// An example, a file, a link, or nothing yet: what was known before was of somebody else.
export function another(next) {
  keep();
  become(++persons, next);
}

export function undo() {
  const last = past.pop();
  if (last) become(last.person, last.known);
}

function change(how) {
  const next = structuredClone(known);
  how(next);
  replace(next);
}

// --- findings of the patient: a value, or undefined for not known

// Several at once, in one step of undoing.
export const setFindings = (told) =>
  change((next) => {
    for (const [term, value] of Object.entries(told)) {
      if (value === undefined) delete next[term];
      else next[term] = value;
    }
  });

export const setFinding = (term, value) =>
  change((next) => {
    if (value === undefined) delete next[term];
    else next[term] = value;
  });

// --- the pain map: entries with a region, a side, present, intensity

const list = (value) => (Array.isArray(value) ? value : []).map((one) => (typeof one === "string" ? place(one) : one));

function place(text) {
  const [region, side] = text.split(".");
  return side ? { region, side } : { region };
}

export const pains = () => list(known.pain);
const isAt = (region, side) => (one) => one.region === region && (one.side ?? null) === (side ?? null);
export const painAt = (region, side) => pains().find(isAt(region, side));

export const setPain = (region, side, entry) =>
  change((next) => {
    const others = list(next.pain).filter((one) => !isAt(region, side)(one));
    const made = entry ? [{ region, ...(side ? { side } : {}), ...entry }] : [];
    next.pain = [...others, ...made];
    if (!next.pain.length) delete next.pain;
  });

// --- diagnoses given: true, false, or an object with what is known of them

export function labels() {
  const given = known.labels ?? {};
  return Array.isArray(given) ? Object.fromEntries(given.map((one) => [one, true])) : given;
}

export const setLabel = (id, value) =>
  change((next) => {
    next.labels = { ...labels() };
    if (value === undefined) delete next.labels[id];
    else next.labels[id] = value;
    if (!Object.keys(next.labels).length) delete next.labels;
  });

export const setOfLabel = (id, term, value) => {
  const given = labels()[id];
  const told = typeof given === "object" ? { ...given } : {};
  if (value === undefined) delete told[term];
  else told[term] = value;
  setLabel(id, Object.keys(told).length ? told : true);
};

// --- examinations of muscles: an entry for each muscle and side

export const exams = () => known.exam ?? [];
const isOf = (muscle, side) => (one) => one.muscle === muscle && (one.side ?? null) === (side ?? null);
export const examOf = (muscle, side) => exams().find(isOf(muscle, side)) ?? {};

export const setOfMuscle = (muscle, side, term, value) =>
  change((next) => {
    const entry = { muscle, ...(side ? { side } : {}), ...examOf(muscle, side) };
    if (value === undefined) delete entry[term];
    else entry[term] = value;
    const told = Object.keys(entry).some((key) => key !== "muscle" && key !== "side");
    next.exam = [...exams().filter((one) => !isOf(muscle, side)(one)), ...(told ? [entry] : [])];
    if (!next.exam.length) delete next.exam;
  });

// --- the link: findings as text for an address's fragment

export function asFragment() {
  const bytes = new TextEncoder().encode(JSON.stringify(known));
  return `#f=${btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
}

export function fromFragment(fragment) {
  const match = /^#f=([A-Za-z0-9_-]+)$/.exec(fragment);
  if (!match) return null;
  try {
    const text = atob(match[1].replaceAll("-", "+").replaceAll("_", "/"));
    const read = JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (one) => one.charCodeAt(0))));
    return read && typeof read === "object" && !Array.isArray(read) ? read : null;
  } catch {
    return null;
  }
}
