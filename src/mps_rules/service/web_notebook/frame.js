// The page in its frame: begun with the findings of the kernel, and told whenever a cell sets others.

import { begin, onTold } from "./kernel.js";
import { ready } from "./main.js";
import * as patient from "./patient.js";

async function open() {
  await ready;
  const take = (findings) => patient.another(findings);
  const { findings } = await (await fetch(new URL("findings", document.baseURI))).json();
  onTold(take);
  begin();
  if (Object.keys(findings).length) take(findings);
}

open();
