// The words of the rules, as the program told them.

import { still } from "./api.js";

export const words = {};

export async function learn() {
  Object.assign(words, await still("vocabulary"));
}

export const term = (id) => words.terms[id] ?? { label: id.replaceAll("_", " "), kind: "boolean", values: [] };

export function placeName(region, side) {
  const label = words.regions[region]?.label ?? region;
  return side ? `${label}, ${side}` : label;
}

export const muscleName = (muscle, side) => {
  const label = words.muscles[muscle]?.label ?? muscle.replaceAll("_", " ");
  return side ? `${label}, ${side}` : label;
};

export const unitName = (unit) => words.units[unit]?.label ?? "";

// The units in which an amount of the same kind can be told, the shortest first.
export const unitsLike = (unit) => {
  const { dimension } = words.units[unit];
  return Object.entries(words.units)
    .filter(([, of]) => of.dimension === dimension)
    .sort(([, a], [, b]) => a.factor - b.factor)
    .map(([id]) => id);
};

const NEAR = 1e-5; // amounts come rounded: so near to a whole one, it is that one

// A duration's amount and unit: as it was written, or else in the largest unit in which it is whole (4 days and not 0.57 weeks).
export function asTold(value, unit) {
  if (value === undefined) return ["", unit];
  const written = /^\s*([-+]?[0-9.]+)\s*(.+?)\s*$/.exec(typeof value === "string" ? value : "");
  const named = written && Object.keys(words.units).find((id) => id === written[2] || words.units[id].also.includes(written[2]));
  if (named) return [Number(written[1]), named];
  const amount = Number(value);
  const { factor } = words.units[unit];
  for (const id of unitsLike(unit).reverse()) {
    const told = (amount * factor) / words.units[id].factor;
    if (Math.round(told) > 0 && Math.abs(told - Math.round(told)) < NEAR) return [Math.round(told), id];
  }
  return [amount, unit];
}

// The place of a word among those that the rules know; what they do not know comes last.
export const rank = (order, word) => (order.includes(word) ? order.indexOf(word) : order.length);

const plainly = (id) => id.replaceAll("_", " ");

// A kind of recommendation; one that the rules did not name is shown all the same, and waits for nothing.
export const adviceOf = (kind) => words.advice.find((one) => one.id === kind) ?? { id: kind, label: plainly(kind), waits: false };

// The words for how something stands; a state that the page does not know is shown all the same.
const inWords = (of) => (state) => words[of][state] ?? plainly(state);
export const screened = inWords("screening");
export const urgencyName = inWords("urgencies");
export const flagName = inWords("flags");
export const held = (status) => words.statuses[status] ?? { label: plainly(status), stands: false };
export const muscleState = inWords("muscle_states");
export const accessName = inWords("access");
export const kindName = inWords("kinds");
export const criterion = (status) => words.criteria[status] ?? { label: plainly(status), mark: "?" };

export const capital = (text) => `${text[0]?.toUpperCase() ?? ""}${text.slice(1)}`;

export const valueName = (of, value) => words.regions[value]?.label ?? of.values.find((one) => one.id === value)?.label ?? value;

export function valueText(of, value) {
  if (of.kind === "duration") {
    const [amount, unit] = asTold(value, of.unit);
    return `${amount} ${unitName(unit)}`;
  }
  if (value === true) return "present";
  if (value === false) return "absent";
  if (Array.isArray(value)) return value.map((one) => valueName(of, one)).join(", ");
  if (value && typeof value === "object") {
    const [yes, no] = [true, false].map((wanted) => Object.keys(value).filter((key) => value[key] === wanted));
    const said = yes.map((one) => valueName(of, one));
    if (of.kind === "one_of" && yes.length) return said.join(", ");
    return [said.join(", "), no.length ? `not: ${no.map((one) => valueName(of, one)).join(", ")}` : ""].filter(Boolean).join("; ");
  }
  if (typeof value === "number") return `${value} ${unitName(of.unit)}`.trim();
  return valueName(of, String(value));
}
