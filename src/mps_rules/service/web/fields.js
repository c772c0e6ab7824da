// One control for one finding: what it says now, and a way to say otherwise. "Don't know" takes it back.

import { h } from "./dom.js";
import { asTold, term, unitName, unitsLike, valueName } from "./words.js";

function three(name, key, value, set) {
  const option = (label, meant) =>
    h(
      "button",
      {
        type: "button",
        "aria-label": meant === undefined ? "Don’t know" : null,
        title: meant === undefined ? "Don’t know" : null,
        "data-key": `${key}:${meant}`,
        "aria-pressed": String(value === meant),
        "aria-keyshortcuts": meant === undefined ? "?" : meant ? "P" : "A",
        tabindex: meant === (value ?? true) ? 0 : -1, // one stop for a finding: the arrows go on from there
        class: meant === undefined ? "unknown" : meant ? "yes" : "no",
        onclick: () => set(value === meant ? undefined : meant),
        ontell: () => value !== meant && set(meant),
      },
      label,
    );
  return h("span", { class: "choice finding", role: "group", "aria-label": name }, option("Present", true), option("Absent", false), option("?", undefined));
}

function number(name, key, of, value, set) {
  const input = h("input", {
    type: "number",
    "data-key": key,
    "aria-label": [name, unitName(of.unit)].filter(Boolean).join(", "),
    step: "any",
    min: of.range?.[0],
    max: of.range?.[1],
    placeholder: of.range ? of.range.join("–") : null,
    value: value ?? "",
    onchange: () => (input.checkValidity() ? set(input.value === "" ? undefined : Number(input.value)) : input.reportValidity()),
  });
  return h("span", { class: "measure" }, input, unitName(of.unit) ? h("span", { class: "quiet" }, unitName(of.unit)) : null);
}

function duration(name, key, of, value, set) {
  const [amount, unit] = asTold(value, of.unit);
  const input = h("input", { type: "number", min: 0, step: "any", "data-key": key, "aria-label": name, value: amount });
  const select = h(
    "select",
    { "aria-label": `${name}, unit`, "data-key": `${key}:unit` },
    unitsLike(of.unit).map((id) => h("option", { value: id, selected: id === unit }, unitName(id))),
  );
  const tell = () => set(input.value === "" ? undefined : `${input.value} ${select.value}`);
  input.addEventListener("change", tell);
  select.addEventListener("change", () => input.value !== "" && tell()); // the unit may be chosen first
  return h("span", { class: "measure" }, input, select);
}

function oneOf(name, key, of, value, set) {
  const chosen = typeof value === "object" && value ? Object.keys(value).find((one) => value[one]) : value;
  const select = h(
    "select",
    { "aria-label": name, "data-key": key, onchange: () => set(select.value || undefined) },
    h("option", { value: "" }, "Don’t know"),
    of.values.map((one) => h("option", { value: one.id, selected: one.id === chosen }, valueName(of, one.id))),
  );
  return select;
}

const asWords = (value) => (Array.isArray(value) ? Object.fromEntries(value.map((one) => [one, true])) : { ...(value ?? {}) });

function manyOf(name, key, of, value, set) {
  const told = asWords(value);
  const next = (state) => (state === undefined ? true : state ? false : undefined);
  const turn = (id) => {
    const made = { ...told, [id]: next(told[id]) };
    if (made[id] === undefined) delete made[id];
    set(Object.keys(made).length ? made : undefined);
  };
  const chip = ({ id }) =>
    h(
      "button",
      { type: "button", "data-key": `${key}:${id}`, class: `chip ${told[id] === true ? "yes" : told[id] === false ? "no" : ""}`, onclick: () => turn(id) },
      told[id] === true ? "✓ " : told[id] === false ? "✕ " : "",
      valueName(of, id),
      h("span", { class: "hidden" }, told[id] === true ? ", present" : told[id] === false ? ", absent" : ", not known"),
    );
  const long = of.values.length > 20;
  const shown = long ? of.values.filter(({ id }) => id in told) : of.values;
  const more = long
    ? h(
        "select",
        { "aria-label": `${name}: add`, "data-key": `${key}:more`, onchange: (event) => event.target.value && turn(event.target.value) },
        h("option", { value: "" }, "Add…"),
        of.values.filter(({ id }) => !(id in told)).map(({ id }) => h("option", { value: id }, valueName(of, id))),
      )
    : null;
  return h("span", { class: "chips", role: "group", "aria-label": name }, shown.map(chip), more);
}

// Of a kind that this page has no control for, nothing is told here rather than something wrong.
const untold = () => h("span", { class: "quiet" }, "told in a patient file");

const CONTROLS = { boolean: (name, key, _, value, set) => three(name, key, value, set), number, duration, one_of: oneOf, many_of: manyOf };

export function field(id, key, value, set) {
  const of = term(id);
  const control = (CONTROLS[of.kind] ?? untold)(of.label, key, of, value, set);
  return h("div", { class: "field" }, h("span", { class: "label", title: of.note || null }, of.label, of.kind === "number" && of.note ? h("span", { class: "quiet note" }, of.note) : null), control);
}
