// What of a chart leaves the browser: the fields on this list, and no others. Who the patient is stays here.
//
// Names, addresses, telephone numbers, narrative, notes, who wrote what and free text are not on it. Ids and identifiers become numbers, the same one for the
// same id: the rules must see that two resources are of one patient, or of two.

const FIELDS = new Set(
  `resourceType status clinicalStatus verificationStatus category code coding system type unit value comparator low high start end
  birthDate gender link other url item linkId answer questionnaire group intent doNotPerform focus component interpretation bodySite subject patient contained
  recordedDate dateRecorded assertedDate dateAsserted authored authoredOn issued effectiveDateTime effectivePeriod effectiveInstant effectiveTiming
  onsetDateTime onsetPeriod abatementDateTime abatementPeriod abatementAge abatementRange abatementBoolean performedDateTime performedPeriod
  occurrenceDateTime occurrencePeriod medication medicationCodeableConcept medicationReference concept dataAbsentReason notDone notPerformed taken wasNotTaken
  severity issue valueBoolean valueQuantity valueRange valueInteger valueDecimal valueCodeableConcept valueCoding`.split(/\s+/),
);
export const HERE = "https://record.invalid";
const WITHHELD = "-"; // that something was written there counts; what, does not

export function anonymous(resources, iss) {
  const numbers = new Map();
  const number = (text) => {
    if (!numbers.has(text)) numbers.set(text, String(numbers.size + 1));
    return numbers.get(text);
  };

  function reference(text) {
    const bare = String(text).split("/_history/")[0].trim();
    if (bare.startsWith("#")) return `#${number(bare.slice(1))}`;
    const [, server, kind, id] = /^(?:(https?:\/\/.+)\/)?([A-Z][A-Za-z]+)\/([^/?]+)$/.exec(bare) ?? [];
    if (!id) return `urn:uuid:${number(bare.split(/[/:]/).at(-1))}`;
    return `${server && server !== iss ? `https://server-${number(server)}.invalid/` : ""}${kind}/${number(id)}`;
  }

  const identifier = (one) => ({ system: "", value: number(`${one?.system ?? ""}|${one?.value ?? ""}`) });

  // Of extensions, what says a sex at birth, a side, or the number that an answer stands for.
  function extension(one) {
    const told = ["url", "valueCode", "valueDecimal", "valueCodeableConcept"].filter((name) => one?.[name] !== undefined);
    return told.length > 1 ? Object.fromEntries(told.map((name) => [name, kept(one[name], name)])) : null;
  }

  function field(name, value, holder, role) {
    if (FIELDS.has(name)) return kept(value, name);
    if (name === "id") return number(value);
    if (name === "reference" && typeof value === "string") return reference(value);
    if (name === "identifier" && (holder.resourceType === "Patient" || role === "subject" || role === "patient")) return Array.isArray(value) ? value.map(identifier) : identifier(value);
    if (name === "extension" && Array.isArray(value)) return value.map(extension).filter(Boolean);
    if (name === "modifierExtension") return Array.isArray(value) && !value.length ? [] : [{}];
    if (name === "display" && !("reference" in holder)) return value;
    if (name === "text" && typeof value === "string" && !("linkId" in holder)) return value;
    if (/^(value|abatement|onset)[A-Z]/.test(name)) return WITHHELD;
    return undefined;
  }

  function kept(value, role) {
    if (Array.isArray(value)) return value.map((one) => kept(one, role));
    if (value === null || typeof value !== "object") return value;
    const told = Object.entries(value).map(([name, one]) => [name, field(name, one, value, role)]);
    return Object.fromEntries(told.filter(([, one]) => one !== undefined));
  }

  return resources.map((resource) => {
    const one = kept(resource, "");
    return { ...(one.id ? { fullUrl: `${HERE}/${one.resourceType}/${one.id}` } : {}), resource: one };
  });
}

const pick = (all, ...uses) => uses.map((use) => all.find((one) => one.use === use)).find(Boolean) ?? all[0];

// For the reader of the page; it is shown and never sent.
export function named(patient) {
  const name = pick((patient.name ?? []).filter((one) => one.use !== "old"), "official", "usual");
  const text = name?.text ?? [name?.prefix, name?.given, name?.family].flat().filter(Boolean).join(" ");
  return [text || "No name in the record", patient.birthDate ? `born ${patient.birthDate}` : null, patient.gender].filter(Boolean).join(", ");
}
