// The page, opened by a record: its chart is read, what was read and what was not is shown first, then the page as usual.

import { ask, Faulty } from "../api.js";
import { byId, h, sheet } from "../dom.js";
import { report, today } from "../exchange.js";
import { ready } from "../main.js";
import * as patient from "../patient.js";
import { anonymous, HERE, named } from "./chart.js";
import { allowed, Ended, Record } from "./record.js";
import { offer } from "./writing.js";

const MOST = 900_000; // bytes of a question; the program takes a million
const KEY = "SMART_KEY"; // where the client keeps which launch is its own

class Refused extends Error {}

function kept(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    return null;
  }
}

function forget() {
  const key = kept(KEY);
  for (const one of [KEY, key]) if (typeof one === "string") sessionStorage.removeItem(one);
}

// The record's answer to a launch of this tab, and to no other: the state is the one that was sent, the record one that is allowed, the code bound to this tab (PKCE).
async function opened(settings, answer) {
  const key = kept(KEY);
  const begun = typeof key === "string" ? kept(key) : null;
  if (!begun || answer.get("state") !== key) throw new Refused("The record’s answer does not belong to a launch of this tab (state).");
  if (answer.has("error")) {
    const why = [answer.get("error"), answer.get("error_description")].filter(Boolean).join(": ");
    throw new Refused(`The record gave no leave: ${why}.`);
  }
  if (!allowed(settings, begun.serverUrl)) throw new Refused("This record is not one of those that may open the app (iss).");
  if (!begun.codeVerifier || !begun.tokenUri) throw new Refused("The record does not say how it gives leave (PKCE with S256).");
  let client;
  try {
    client = await FHIR.oauth2.ready();
  } catch (error) {
    throw new Refused(`The record gave no token. ${error.message.split("\n")[0]}`);
  }
  const record = new Record(client, begun.scope);
  if (!record.patient) throw new Refused("The record did not say which patient.");
  return record;
}

const bytes = (value) => new Blob([JSON.stringify(value)]).size;

// As much of the chart as a question may hold, the newest of each query first; what is left out is told to be missing.
function asBundle(answers, iss, broken) {
  const entries = anonymous(answers.flatMap((one) => one.found), iss);
  const parts = answers.map((one) => ({ whole: one.whole, entries: entries.splice(0, one.found.length) }));
  const made = () => ({
    resourceType: "Bundle",
    type: "collection",
    entry: parts.flatMap((one) => one.entries),
    ...(broken || parts.some((one) => !one.whole) ? { link: [{ relation: "next", url: HERE }] } : {}),
  });
  while (bytes(made()) > MOST) {
    const longest = parts.reduce((one, other) => (other.entries.length > one.entries.length ? other : one));
    longest.entries.length = Math.floor(longest.entries.length / 2);
    longest.whole = false;
  }
  return made();
}

// What a card handed over; its text is only ever text.
function contextOf(text) {
  try {
    const told = JSON.parse(text);
    if (typeof told?.summary !== "string") return null;
    const rules = Array.isArray(told.rules) ? told.rules.slice(0, 12).join(", ") : "";
    return h("div", { class: "context" }, h("p", {}, "Opened from a card: ", h("strong", {}, told.summary.slice(0, 200))), rules ? h("p", { class: "quiet" }, `By the rules ${rules}.`) : null);
  } catch {
    return null;
  }
}

function banner(...children) {
  byId("whose")?.remove();
  document.querySelector("header").after(h("div", { id: "whose", role: "status" }, children));
}

const again = () => h("a", { href: "launch" }, "Ask the record for a patient");

async function begin() {
  const answer = new URLSearchParams(location.search);
  const settings = await (await fetch("settings")).json();
  if (!["state", "code", "error"].some((name) => answer.has(name))) {
    banner("No chart was read: this page was not opened by a record. ", again());
    return;
  }
  const record = await opened(settings, answer).finally(() => {
    forget();
    history.replaceState(null, "", location.pathname); // the code stays in no history
  });
  banner("The chart is being read.");
  const { answers, notes, failed } = await record.chart(settings.queries);
  const person = answers.flatMap((one) => one.found).find((one) => one.resourceType === "Patient" && one.id === record.patient);
  const [found] = await Promise.all([ask("read_fhir", { bundle: asBundle(answers, record.iss, failed), on: today() }), ready]);
  for (const id of ["example", "open", "clear"]) byId(id).hidden = true; // what is known stays of this patient: it may be written into this record
  const context = contextOf(record.context);
  banner(h("strong", {}, person ? named(person) : "No name in the record"), context);
  offer(record, settings);
  patient.replace(found.findings);
  sheet(
    "Read from the record",
    context?.cloneNode(true),
    notes.map((text) => h("p", { class: "caution" }, text)),
    h("div", { class: "report" }, report(found.report)),
    h("button", { type: "button", id: "go-on", onclick: () => byId("sheet").close() }, "Go on"),
  );
}

begin().catch((error) => {
  const said = error instanceof Refused || error instanceof Ended || error instanceof Faulty;
  banner(h("strong", {}, said ? error.message : "The chart could not be read."), again());
});
