// The page in its frame: begun with the findings of the kernel, and told whenever a cell sets others.

import { onTold } from "./kernel.js";
import { ready } from "./main.js";
import * as patient from "./patient.js";

async function begin() {
  await ready;
  const take = (findings) => patient.another(findings);
  onTold(take);
  const { findings } = await (await fetch(new URL("findings", document.baseURI))).json();
  if (Object.keys(findings).length) take(findings);
}

begin();
