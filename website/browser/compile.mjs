// Run by Node while the site is built: Python for the browser compiles the library and the rules for itself.
// node compile.mjs <folder of pyodide> <library.zip in> <library.zip out>

import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [pyodide, from, to] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${pyodide}/pyodide.mjs`).href);
const python = await loadPyodide({ indexURL: `${pyodide}/`, env: { HOME: "/home/pyodide", MPS_RULES_CACHE: "", PYTHONHASHSEED: "0" } });
python.unpackArchive(new Uint8Array(readFileSync(from)), "zip", { extractDir: "/library" });
const COMPILE = `
import sys, zipfile
from pathlib import Path
from py_compile import PycInvalidationMode, compile

LIBRARY = Path("/library")
SOURCES_STAY = LIBRARY / "mps_rules" / "_vendor"

for source in sorted(LIBRARY.rglob("*.py")):
    compile(str(source), str(source.with_suffix(".pyc")), doraise=True, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
    if not source.is_relative_to(SOURCES_STAY):
        source.unlink()

sys.path.insert(0, str(LIBRARY))
sys.dont_write_bytecode = True
from mps_rules.chaining.program import program_of
from mps_rules.knowledge.packaged import load_shipped

shipped = LIBRARY / "shipped"
for path in (shipped, *shipped.iterdir()):
    path.chmod(0o700)  # a file system in memory lets everybody write: what others may have written is not believed
program_of(load_shipped(shipped))

with zipfile.ZipFile("/library.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
    for path in sorted(path for path in LIBRARY.rglob("*") if path.is_file()):
        packed.writestr(zipfile.ZipInfo(str(path.relative_to(LIBRARY))), path.read_bytes(), zipfile.ZIP_DEFLATED)
`;
try {
  python.runPython(COMPILE);
} catch (error) {
  console.error(error.message); // without the source of the runtime, which Node would print
  process.exit(1);
}
writeFileSync(to, python.FS.readFile("/library.zip"));
