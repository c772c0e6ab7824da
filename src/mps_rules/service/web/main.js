// The page: what is known changes, the rules are asked, and every part is drawn anew from their answer.

import { ask, Faulty, still } from "./api.js";
import * as answers from "./answer.js";
import { byId, h, unfold } from "./dom.js";
import * as exchange from "./exchange.js";
import * as interview from "./interview.js";
import * as map from "./map.js";
import * as patient from "./patient.js";
import { learn, words } from "./words.js";

let current = null;
let answered = { who: patient.who(), findings: {} };
let asking = null;
let asked = patient.who();
let noticed = false;

async function refresh() {
  asking?.abort();
  asking = new AbortController();
  const [who, findings] = [patient.who(), patient.findings()];
  const before = answered.who === who ? answered.findings : {};
  if (asked !== who) interview.forget();
  asked = who;
  byId("undo").disabled = !patient.canUndo();
  document.body.classList.add("asking");
  try {
    const answer = await ask("evaluate", { findings, before }, asking.signal);
    const again = Object.keys(before).length > 0 && Object.keys(findings).length > 0;
    [current, answered] = [answer, { who, findings }];
    if (!noticed) byId("notice").hidden = true;
    noticed = false;
    map.show(answer);
    interview.show(answer);
    answers.show(answer, again);
    document.body.classList.remove("asking");
    document.body.dataset.answered = String(Number(document.body.dataset.answered ?? 0) + 1);
  } catch (error) {
    if (error.name === "AbortError") return;
    if (error instanceof Faulty && error.lies && patient.canUndo()) takeBack(error);
    else trouble(error); // the answer that stands there is of something else: it stays dimmed
  }
}

// What was told and cannot be is said, and taken back: the page never shows an answer to something else than it says is known.
function takeBack(error) {
  document.body.classList.remove("asking");
  notice(`Taken back. ${error.message}`);
  noticed = true;
  patient.undo();
}

const trouble = (error) => notice(error instanceof Faulty ? error.message : "The program did not answer. Nothing was lost; try again.");

function notice(text) {
  byId("notice").textContent = text;
  byId("notice").hidden = false;
}

// On paper nothing can be opened: what is known and the cautions are, for as long as it prints; long tables are folded, to fit one page.
function printing() {
  let closed = [];
  let opened = [];
  window.addEventListener("beforeprint", () => {
    closed = [byId("known"), document.querySelector("[data-key=cautions]")].filter((one) => one && !one.open);
    opened = [...document.querySelectorAll("[data-key=criteria], [data-key=sources], [data-key='muscles:more']")].filter((one) => one.open);
    closed.forEach(unfold);
    for (const one of opened) one.open = false;
  });
  window.addEventListener("afterprint", () => {
    for (const one of closed) one.open = false;
    for (const one of opened) one.open = true;
  });
}

async function begin() {
  await learn();
  const [figure] = await Promise.all([still("body"), exchange.start(() => current)]);
  const { rules } = words;
  byId("status").textContent = `${rules.status[0].toUpperCase()}${rules.status.slice(1)}`;
  byId("foot").append(
    h("p", {}, `Rules ${rules.id} ${rules.version}, ${rules.status}, digest ${rules.digest.slice(0, 12)}. ${rules.proofs && `${rules.proofs}. `}`, "What you enter stays in this tab and goes to this program alone. No cookies, nothing stored."),
  );
  map.start(figure);
  interview.start();
  byId("sheet-close").addEventListener("click", () => byId("sheet").close());
  patient.onChange(refresh);
  window.addEventListener("unhandledrejection", (event) => trouble(event.reason));
  printing();
  window.addEventListener("beforeunload", (event) => patient.isTold() && event.preventDefault()); // nothing is stored: it would be lost
  const linked = patient.fromFragment(location.hash);
  if (linked) {
    history.replaceState(null, "", location.pathname);
    patient.another(linked);
  } else await refresh();
}

export const ready = begin().catch(trouble);
