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

// Units are written as UCUM writes them; the few that are no words are said in words.
const UNITS = { a: "years", mo: "months", wk: "weeks", d: "days", Cel: "°C" };
export const unitName = (unit) => (/^\{.*\}$/.test(unit ?? "") ? "" : (UNITS[unit] ?? unit ?? ""));

export const valueName = (of, value) => words.regions[value]?.label ?? of.values.find((one) => one.id === value)?.label ?? value;

export function valueText(of, value) {
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
  if (of.kind === "duration") return String(value).replace(/ (\w+)$/, (_, unit) => ` ${unitName(unit)}`);
  return valueName(of, String(value));
}
