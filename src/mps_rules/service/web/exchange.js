// Out and in: text for the note, JSON, FHIR, print, a link; and a chart, a patient file or an example.

import { ask, Faulty, still } from "./api.js";
import { byId, h, say, sheet } from "./dom.js";
import * as handout from "./handout.js";
import * as patient from "./patient.js";

const LARGEST = 900_000;

export async function start(current) {
  const { examples } = await still("examples");
  const select = byId("example");
  select.append(...examples.map((one, number) => h("option", { value: number }, one.name)));
  select.addEventListener("change", () => {
    const one = examples[Number(select.value)];
    if (select.value !== "" && one) {
      patient.another(structuredClone(one.findings));
      say(one.about);
    }
    select.value = "";
  });
  byId("undo").addEventListener("click", patient.undo);
  byId("clear").addEventListener("click", () => {
    for (const id of ["place", "words"]) byId(id).value = "";
    byId("found").replaceChildren();
    patient.another({});
  });
  byId("save").addEventListener("click", () => out(current));
  byId("open").addEventListener("click", into);
}

function download(name, text, type) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

async function out(current) {
  const { text } = await ask("note", { findings: patient.findings() });
  const area = h("textarea", { readonly: true, rows: 18, "aria-label": "Text for the note" });
  area.value = text;
  const copied = h("span", { class: "quiet", role: "status" });
  const copy = async (what, said) => {
    try {
      await navigator.clipboard.writeText(what);
      copied.textContent = said;
    } catch {
      area.select();
      copied.textContent = "Press Ctrl C to copy the text.";
    }
  };
  const fhir = async () => {
    const { bundle } = await ask("write_fhir", { findings: patient.findings(), written: new Date().toISOString().replace(/\.\d+Z$/, "Z") });
    download("assessment.fhir.json", JSON.stringify(bundle, null, 1), "application/fhir+json");
  };
  const link = () => {
    const url = new URL(document.baseURI);
    url.hash = patient.asFragment();
    copy(url.href, "Link copied. It holds the findings themselves, in the part of an address that is sent to no server: treat it as a record.");
  };
  const charts = h("img", { class: "charts", alt: "The first muscles that could send this pain, side by side" });
  ask("charts", { findings: patient.findings() }).then(
    ({ svg }) => charts.setAttribute("src", `data:image/svg+xml,${encodeURIComponent(svg)}`),
    () => charts.remove(),
  );
  const button = (label, act) => h("button", { type: "button", onclick: act }, label);
  sheet(
    "Note, save, print",
    area,
    h(
      "div",
      { class: "row" },
      button("Copy the text", () => copy(text, "Copied.")),
      button("Findings (JSON)", () => download("findings.json", JSON.stringify(patient.findings(), null, 1), "application/json")),
      button("Answer (JSON)", () => download("assessment.json", JSON.stringify(current().assessment, null, 1), "application/json")),
      button("FHIR", fhir),
      location.protocol === "about:" ? null : button("Link", link), // in a notebook the page has no address
      button("Handout for the patient…", () => handout.open(current)),
      button("Print", () => {
        byId("sheet").close();
        byId("charts").replaceChildren(charts);
        window.addEventListener("afterprint", () => byId("charts").replaceChildren(), { once: true });
        window.print();
      }),
      copied,
    ),
    charts,
  );
}

// The day here, which need not be that of UTC.
export function today() {
  const now = new Date();
  return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

function into() {
  const area = h("textarea", { rows: 10, "aria-label": "A FHIR R4 bundle, or a patient file as YAML or JSON", placeholder: "Paste a FHIR R4 bundle, or a patient file as YAML or JSON" });
  const file = h("input", { type: "file", accept: ".json,.yaml,.yml", "aria-label": "Or choose a file" });
  const on = h("input", { type: "date", value: today() });
  const told = h("div", { class: "report", role: "status" });
  file.addEventListener("change", async () => {
    const chosen = file.files[0];
    if (!chosen) return;
    if (chosen.size > LARGEST) told.replaceChildren(h("p", { class: "caution" }, "The file is too large."));
    else area.value = await chosen.text();
  });
  const read = async () => {
    try {
      const bundle = asBundle(area.value);
      const found = bundle ? await ask("read_fhir", { bundle, on: on.value || null }) : await ask("read", { text: area.value });
      patient.another(found.findings);
      told.replaceChildren(...(found.report ? report(found.report) : [h("p", {}, "Read.")]));
    } catch (error) {
      if (!(error instanceof Faulty)) throw error;
      told.replaceChildren(h("ul", { class: "texts" }, error.message.split("\n").map((line) => h("li", {}, line))));
    }
  };
  sheet("Open a chart or a patient file", area, h("div", { class: "row" }, file, h("label", {}, "Read as of ", on), h("button", { type: "button", onclick: read }, "Read")), told);
}

function asBundle(text) {
  try {
    const data = JSON.parse(text);
    return data && typeof data === "object" && "resourceType" in data ? data : null;
  } catch {
    return null;
  }
}

export function report(of) {
  const part = (title, lines) => (lines.length ? h("details", { open: title !== "Not read" }, h("summary", {}, `${title}: ${lines.length}`), h("ul", { class: "texts" }, lines.map((one) => h("li", {}, `${one.where}${one.code ? ` (${one.code})` : ""}: ${one.what}`)))) : null);
  return [
    h("p", {}, `${of.resources} resources read.`, of.complete ? "" : " More exist than were given: what is not here is not absent."),
    part("Used", of.used),
    part("In doubt", of.suspicious),
    part("Not read", of.skipped),
  ].filter(Boolean);
}
