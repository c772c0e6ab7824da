// Asks a record, with the token that the launch gave. The token goes to that record alone, and stays in this tab's memory.

const PAGES = 5; // of one query; what lies behind is not known, and said

export class Ended extends Error {}

const trimmed = (address) => address.replace(/\/+$/, "");
export const allowed = (settings, iss) => settings.iss.find((one) => trimmed(one) === trimmed(iss ?? ""));

// A query about a patient as an address: values are encoded, since a server or a proxy between may else take http:// within one for a path.
function addressed(query, patient) {
  const [path, search] = query.split("?");
  const encoded = (text) => encodeURIComponent(text.replaceAll("{{context.patientId}}", patient)).replaceAll("%2C", ",");
  const values = search?.split("&").map((pair) => pair.split(/=(.*)/)).map(([name, value]) => `${name}=${encoded(value)}`);
  return path.split("/").map(encoded).join("/") + (values ? `?${values.join("&")}` : "");
}

// Whether a record's leave covers a kind of resource: patient/Observation.rs, patient/*.read, user/Condition.cruds; a part of a kind (?category=...) is tried.
export function covers(scope, kind, letters, word) {
  return scope.split(/\s+/).some((one) => {
    const [, of, may] = /^(?:patient|user)\/([A-Za-z]+|\*)\.([a-z]+|\*)(?:\?.*)?$/.exec(one) ?? [];
    return (of === kind || of === "*") && (may === "*" || may === word || (/^c?r?u?d?s?$/.test(may) && [...letters].every((letter) => may.includes(letter))));
  });
}

export class Record {
  constructor(client, asked) {
    this.client = client;
    this.iss = trimmed(client.state.serverUrl);
    this.patient = client.getPatientId();
    this.scope = client.state.tokenResponse.scope ?? asked; // left out, it is what was asked for
    this.context = client.state.tokenResponse.appContext;
    this.user = client.getFhirUser();
    this.encounter = client.state.tokenResponse.encounter;
    delete client.state.tokenResponse.refresh_token; // the leave ends when it ends
  }

  async ask(url) {
    try {
      return await this.client.request({ url, headers: { accept: "application/fhir+json" } }, { useRefreshToken: false, graph: false });
    } catch (error) {
      if (error.status === 401) throw new Ended("The record’s leave has expired. Open the app from the record again.");
      throw error;
    }
  }

  isHere = (url) => url.startsWith(`${this.iss}/`) || url.startsWith(`${this.iss}?`);

  async pages(url) {
    const found = [];
    let next = url;
    for (let page = 0; next && page < PAGES; page++) {
      const given = await this.ask(next);
      if (given?.resourceType !== "Bundle") return { found: [given].filter(Boolean), whole: true };
      found.push(...(given.entry ?? []).map((one) => one.resource).filter(Boolean));
      next = (given.link ?? []).find((one) => one.relation === "next")?.url;
      if (next && !this.isHere(next)) return { found, whole: false }; // the token is for this record only
    }
    return { found, whole: !next };
  }

  // Every query that the leave covers: what it brought, and in words what could not be asked.
  async chart(queries) {
    const asked = Object.entries(queries).map(([key, query]) => ({ key, kind: query.split(/[/?]/)[0], url: addressed(query, this.patient) }));
    const may = asked.filter((one) => covers(this.scope, one.kind, one.key === "patient" ? "r" : "s", "read"));
    const missing = [...new Set(asked.filter((one) => !may.includes(one)).map((one) => one.kind))];
    const answers = await Promise.allSettled(may.map((one) => this.pages(one.url)));
    const ended = answers.find((one) => one.reason instanceof Ended);
    if (ended) throw ended.reason;
    const failed = may.filter((_, number) => answers[number].status === "rejected").map((one) => one.key);
    return {
      answers: answers.filter((one) => one.status === "fulfilled").map((one) => one.value),
      notes: [
        missing.length ? `Not asked for, since the record gave no leave: ${missing.join(", ")}.` : null,
        failed.length ? `The record did not answer: ${failed.join(", ")}.` : null,
      ].filter(Boolean),
      failed: failed.length > 0,
    };
  }

  create = async (resource) => {
    try {
      return await this.client.create(resource, { headers: { "content-type": "application/fhir+json", authorization: this.client.getAuthorizationHeader() } });
    } catch (error) {
      if (error.status === 401) throw new Ended("The record’s leave has expired. Open the app from the record again; the note can be copied.");
      throw error;
    }
  };
}
