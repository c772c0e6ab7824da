// Into the record, when the user asks and the record's leave covers it: the note as a DocumentReference, the answers as a QuestionnaireResponse.

import { ask } from "../api.js";
import { byId, h, sheet } from "../dom.js";
import * as patient from "../patient.js";
import { covers } from "./record.js";

const CONSULT_NOTE = { system: "http://loinc.org", code: "11488-4", display: "Consult note" };
const now = () => new Date().toISOString().replace(/\.\d+Z$/, "Z");
const base64 = (text) => btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));

const about = (record) => ({ reference: `Patient/${record.patient}` });
const by = (record) => (/^(Practitioner|PractitionerRole|Patient|RelatedPerson)\/[A-Za-z0-9.-]{1,64}$/.test(record.user ?? "") ? { reference: record.user } : null);
const during = (record) => (record.encounter ? { reference: `Encounter/${record.encounter}` } : null);

const made = {
  DocumentReference(record, { note, written }) {
    const [author, encounter] = [by(record), during(record)];
    return {
      resourceType: "DocumentReference",
      status: "current",
      docStatus: "preliminary",
      type: { coding: [CONSULT_NOTE], text: "Muscle pain: what was found and considered" },
      subject: about(record),
      date: written,
      ...(author ? { author: [author] } : {}),
      ...(encounter ? { context: { encounter: [encounter] } } : {}),
      content: [{ attachment: { contentType: "text/plain;charset=utf-8", data: base64(note), creation: written } }],
    };
  },
  QuestionnaireResponse(record, { response, written }) {
    const [author, encounter] = [by(record), during(record)];
    return { ...response, subject: about(record), authored: written, ...(author ? { author } : {}), ...(encounter ? { encounter } : {}) };
  },
};
const LABELS = { DocumentReference: "Write the note", QuestionnaireResponse: "Write the answers" };

async function open(record, kinds) {
  const [findings, written] = [patient.findings(), now()];
  const [{ text: note }, { response }] = await Promise.all([ask("note", { findings }), ask("write_answers", { findings, written })]);
  const area = h("textarea", { readonly: true, rows: 18, "aria-label": "Text of the note" });
  area.value = note;
  const told = h("div", { role: "status" });
  const write = (kind) => async (event) => {
    const button = event.currentTarget;
    button.disabled = true; // once for one state of the page
    try {
      const kept = await record.create(made[kind](record, { note, response, written }));
      told.append(h("p", {}, `Written into the record: ${kind}${kept?.id ? `/${kept.id}` : ""}.`));
    } catch (error) {
      told.append(h("p", { class: "caution" }, `Not written: ${error.message.split("\n")[0]}`));
      button.disabled = false;
    }
  };
  sheet("Write into the record", area, h("p", { class: "quiet" }, "As a preliminary note, not signed. Nothing is written until a button here is pressed."), h("div", { class: "row" }, kinds.map((kind) => h("button", { type: "button", "data-writes": kind, onclick: write(kind) }, LABELS[kind]))), told);
}

export function offer(record, settings) {
  const kinds = settings.writes.filter((kind) => covers(record.scope, kind, "c", "write"));
  if (kinds.length) byId("save").after(h("button", { type: "button", id: "write", onclick: () => open(record, kinds) }, "Write into the record…"));
}
