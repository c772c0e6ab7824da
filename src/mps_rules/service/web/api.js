// Questions to the rules, and what comes back: an answer, or every fault.

import { send } from "./transport.js";

export class Faulty extends Error {
  constructor(faults, status) {
    super(faults.map((one) => `${one.where ? `${one.where}: ` : ""}${one.what}${one.closest ? ` (closest: ${one.closest})` : ""}`).join("\n"));
    this.faults = faults;
    this.lies = status >= 400 && status < 500 && status !== 429; // in what was sent: asked again, it would be refused again
  }
}

async function taken(response) {
  let data;
  try {
    data = await response.json();
  } catch {
    throw new Faulty([{ where: "", what: `no answer (${response.status})` }], response.status);
  }
  if (!response.ok) throw new Faulty(data.faults ?? [{ where: "", what: `no answer (${response.status})` }], response.status);
  return data;
}

export const still = async (name) => taken(await send(name));

export const ask = async (operation, question, signal) => taken(await send(operation, { body: JSON.stringify(question), signal }));
