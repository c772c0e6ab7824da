"""
The pictures of the documentation, each made by this script and by nothing else.

``python website/pictures.py answer`` draws the answer that the README shows first (``docs/answer.svg``): the same text at every run, so a test can tell when
it is old. ``python website/pictures.py page build/site/try`` takes pictures of the static page in Chromium (``docs/page_*.webp``).
"""

import base64
import functools
import http.server
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path

import mps_rules
from mps_rules.language.reading import read_text

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "facet_label.yaml"
ANSWER = ROOT / "docs" / "answer.svg"
LINE, COLUMN, MARGIN = 19, 7.85, 22
"""Pixels from line to line, from letter to letter, and around."""
LABEL = 11
"""Letters of the column in which each line of the answer says what it is."""
HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" role="img" aria-labelledby="title said">
<title id="title">What mps_rules answers for an invented patient whose back pain was called facet syndrome</title>
<desc id="said">{said}</desc>
<style>
text {{ font: 13px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #1b2430; white-space: pre; }}
.label {{ font-weight: 700; fill: #00508a; }} .urgency {{ font-weight: 700; fill: #7a4a00; }} rect {{ fill: #fff; stroke: #d9dee4; }}
@media (prefers-color-scheme: dark) {{
text {{ fill: #e8ecf1; }} .label {{ fill: #9bd3ff; }} .urgency {{ fill: #f3c982; }} rect {{ fill: #181d23; stroke: #343c46; }} }}
</style>
<rect x=".5" y=".5" width="{inner_wide}" height="{inner_high}" rx="8"/>
"""
VIEWS = {"page_desktop.webp": (1440, 900, "facet label"), "page_phone.webp": (390, 844, "cauda equina")}
"""The pictures of the page: how wide, how high, and which example is in it."""


def answer() -> str:
    """The brief answer for one example, as SVG; without the line that names the rules, which changes with every one of them."""
    findings = read_text(EXAMPLE.read_text(encoding="utf-8"), EXAMPLE.name).data
    lines = [line for line in mps_rules.evaluate(findings).text().splitlines() if not line.startswith("Rules:")]
    wide, high = round(2 * MARGIN + COLUMN * max(map(len, lines))), 2 * MARGIN + LINE * len(lines) - 4
    drawn = [HEAD.format(wide=wide, high=high, inner_wide=wide - 1, inner_high=high - 1, said=escape(" ".join(" ".join(lines).split())))]
    for number, line in enumerate(lines):
        y = MARGIN + 10 + number * LINE
        label, text = line[:LABEL].strip(), line[LABEL:]
        kind = ' class="urgency"' if label == "Urgency:" else ""
        if label:
            drawn.append(f'<text x="{MARGIN}" y="{y}" class="label">{escape(label)}</text>\n')
        drawn.append(f'<text x="{MARGIN + COLUMN * LABEL:g}" y="{y}"{kind}>{escape(text)}</text>\n')
    return "".join([*drawn, "</svg>\n"])


class Files(http.server.SimpleHTTPRequestHandler):
    """Plain files, as any host gives them out."""

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""


Files.extensions_map = Files.extensions_map | {".mjs": "text/javascript", ".wasm": "application/wasm"}


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder that is given out on a free port of this machine until the block ends."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def pages(folder: Path) -> None:
    """Pictures of the static page with an example in it."""
    from playwright.sync_api import sync_playwright

    with served(folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        for name, (width, height, example) in VIEWS.items():
            context = browser.new_context(viewport={"width": width, "height": height})
            page = context.new_page()
            page.set_default_timeout(120_000)
            page.goto(address)
            page.wait_for_selector("body[data-answered='1']")
            page.select_option("#example", label=example)
            page.wait_for_selector("body[data-answered='2']:not(.asking)")
            page.wait_for_timeout(500)
            taken = context.new_cdp_session(page).send("Page.captureScreenshot", {"format": "webp", "quality": 85})
            (ROOT / "docs" / name).write_bytes(base64.b64decode(taken["data"]))
        browser.close()


if __name__ == "__main__":
    if sys.argv[1] == "answer":
        ANSWER.write_text(answer(), encoding="utf-8")
    else:
        pages(Path(sys.argv[2]))
