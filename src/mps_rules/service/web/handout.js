// The sheet for the patient: read through, signed and printed by the clinician; where a red flag presses, why there is none.

import { ask } from "./api.js";
import { byId, h, sheet } from "./dom.js";
import * as map from "./map.js";
import * as patient from "./patient.js";
import { screened } from "./words.js";

const title = "For you to take home";

function doing(one, reaches) {
  const reach = one.muscle && reaches.find(({ muscle, side }) => muscle === one.muscle && (side ?? "") === one.side);
  return h("li", {}, h("p", {}, one.text), reach ? map.picture(reach) : null);
}

// A muscle that two things are to be done for is drawn once.
function care(list, reaches) {
  const drawn = new Set();
  return list.map((one) => {
    const again = drawn.has(`${one.muscle}.${one.side}`);
    drawn.add(`${one.muscle}.${one.side}`);
    return doing(one, again ? [] : reaches);
  });
}

function page(of, reaches, { name, day, own }) {
  return h(
    "article",
    { class: "handout" },
    h("h1", {}, title),
    h("p", { class: "from" }, "This sheet is from your clinician: ", h("span", { class: "blank" }, name), " Date: ", h("span", { class: "blank short" }, day)),
    h("h2", {}, "What was found"),
    of.found.length ? of.found.map((text) => h("p", {}, text)) : h("p", {}, "Your clinician will tell you what was found."),
    own ? h("p", { class: "own" }, own) : null,
    of.care.length ? [h("h2", {}, "What you can do"), h("p", {}, "This is to keep the pain in check. It is not a cure."), h("ol", {}, care(of.care, reaches))] : null,
    h("h2", {}, "When to come back"),
    of.back.map(({ begins, when }) => [h("p", {}, `${begins}:`), h("ul", {}, when.map((text) => h("li", {}, text)))]),
    h("p", { class: "end" }, "Your clinician chose these tips for you. They do not stand in for a visit. Do not pass them on: another person may need something else."),
  );
}

export async function open(current) {
  const { handout } = await ask("handout", { findings: patient.findings() });
  if (handout.withheld.length) {
    sheet("Handout for the patient", h("p", { class: "caution" }, `There is no handout while an emergency or urgent red flag stands, raised or open: ${handout.withheld.join("; ")}.`));
    return;
  }
  const name = h("input", { "aria-label": "Your name", placeholder: "Your name, or leave room to write" });
  const day = h("input", { "aria-label": "Date", placeholder: "Date" });
  const own = h("textarea", { rows: 2, "aria-label": "In your own words", placeholder: "In your own words: what you think it is" });
  const shown = h("div", { class: "preview" });
  const drawn = () => page(handout, current().reach, { name: name.value, day: day.value, own: own.value });
  const draw = () => shown.replaceChildren(drawn());
  for (const one of [name, day, own]) one.addEventListener("input", draw);
  draw();
  sheet(
    "Handout for the patient",
    h("p", { class: "quiet" }, "Read it through before you hand it out: it is from you. Nothing of it is stored."),
    current().assessment.screening === "complete" ? null : h("p", { class: "caution" }, `Before you hand it out: ${screened(current().assessment.screening)}.`),
    h("div", { class: "row" }, name, day, h("button", { type: "button", onclick: () => print(drawn()) }, "Print the handout")),
    own,
    handout.unsaid.length ? h("details", {}, h("summary", {}, `Not on it, for want of plain words: ${handout.unsaid.length}`), h("ul", { class: "texts" }, handout.unsaid.map((text) => h("li", {}, text)))) : null,
    shown,
  );
}

function print(made) {
  byId("sheet").close();
  byId("handout").replaceChildren(made);
  document.body.classList.add("handing");
  window.addEventListener(
    "afterprint",
    () => {
      document.body.classList.remove("handing");
      byId("handout").replaceChildren();
    },
    { once: true },
  );
  window.print();
}
