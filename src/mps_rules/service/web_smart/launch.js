// A record opens the app, or a user chooses a record: it is asked for leave, if it is one of those that the settings allow.

import { byId, h } from "../dom.js";
import { allowed } from "./record.js";

const tell = (text) => {
  byId("told").textContent = text;
};

async function go(settings, iss, launch) {
  // The client reads the address of the page too; what stands there is the caller's word, and is taken out.
  history.replaceState(null, "", location.pathname);
  try {
    await FHIR.oauth2.authorize({
      iss,
      clientId: settings.client_id,
      scope: launch ? settings.scope.launch : settings.scope.standalone,
      redirectUri: new URL("app", document.baseURI).href,
      pkceMode: "required",
      completeInTarget: true,
      ...(launch ? { launch } : {}),
    });
  } catch (error) {
    tell(`The record could not be asked for leave. ${error.message}`);
  }
}

async function begin() {
  const settings = await (await fetch("settings")).json();
  const given = new URLSearchParams(location.search);
  if (given.has("iss")) {
    const iss = allowed(settings, given.get("iss"));
    if (iss) return go(settings, iss, given.get("launch"));
    return tell("This record is not one of those that may open the app (iss): its address has to stand in the settings of the service.");
  }
  if (settings.iss.length === 1) return go(settings, settings.iss[0], null);
  tell("Which record?");
  byId("records").append(...settings.iss.map((iss) => h("li", {}, h("button", { type: "button", onclick: () => go(settings, iss, null) }, iss))));
}

begin().catch(() => tell("The program did not answer. Try again."));
