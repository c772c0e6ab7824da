// The library in this browser: Python, the rules as they were compiled for it, and one function that answers.

import { loadPyodide } from "./pyodide/pyodide.mjs";

const at = (path) => new URL(path, import.meta.url).href;

const START = `
import gc, sys
sys.path.insert(0, "/library")
from pathlib import Path
from mps_rules.knowledge.packaged import load_shipped
from mps_rules.service.json_api import answered_text
shipped = Path("/library/shipped")
for path in (shipped, *shipped.iterdir()):
    path.chmod(0o700)  # a file system in memory lets everybody write: what others may have written is not believed
kb = load_shipped(shipped)
gc.freeze()  # the rules live as long as the page: nobody need look for them again

def answer(operation, question):
    status, text = answered_text(operation, question.encode(), kb)
    return f"{status} {text.decode()}"

answer
`;

async function begin() {
  const library = fetch(at("library.zip")).then((response) => response.arrayBuffer());
  const python = await loadPyodide({ indexURL: at("pyodide/"), env: { HOME: "/home/pyodide", MPS_RULES_CACHE: "", PYTHONHASHSEED: "0" } });
  python.unpackArchive(await library, "zip", { extractDir: "/library" });
  return python.runPython(START);
}

const ready = begin();

self.addEventListener("message", async ({ data: { number, operation, question } }) => {
  try {
    const told = (await ready)(operation, question);
    const cut = told.indexOf(" ");
    self.postMessage({ number, status: Number(told.slice(0, cut)), answer: told.slice(cut + 1) });
  } catch (error) {
    self.postMessage({ number, broken: String(error) });
  }
});
