"""
How the service bears load: a patient-view with a prefetch of a hundred resources, asked by ``hey`` at a steady rate, then ten thousand times.

    python bench/load.py --seconds 60 --rate 200 --remembered 256

``hey`` sends the same request each time. With ``--remembered 0`` every one is worked out; otherwise all but the first are remembered answers, whose
records are still written one by one. Prints a line of figures for each run, and the resident memory of the process before and after.
"""

import argparse
import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

PROGRAM = [sys.executable, "-c", "from mps_rules.command.cli import main; main()"]
CONNECTIONS = 4
"""hey starts one request on each of them at the same moment: so many come at once."""
FINDING, REGION = "urn:mps-rules:finding", "urn:mps-rules:region"
TERMS = ("fever", "night_pain", "saddle_anaesthesia", "urinary_retention_new", "pain_dull_deep_ache", "pain_sharp_on_movement")


def chart(resources: int = 100) -> dict[str, Any]:
    """A request whose prefetch holds that many resources: a patient, pain, a few findings, all of today, and many blood pressures."""
    about = {"status": "final", "subject": {"reference": "Patient/1"}, "effectiveDateTime": datetime.now(tz=UTC).date().isoformat()}

    def observation(system: str, code: str, **value: Any) -> dict[str, Any]:
        return {"resourceType": "Observation", "code": {"coding": [{"system": system, "code": code}]}, **about, **value}

    place = {"coding": [{"system": REGION, "code": "low_back.left"}]}
    exam = [observation(FINDING, "pain", valueBoolean=True, bodySite=place)]
    exam += [observation(FINDING, term, valueBoolean=term.startswith("pain_")) for term in TERMS]
    others = [
        observation("http://loinc.org", "8480-6", valueQuantity={"value": 120 + number % 9, "unit": "mmHg"}, id=f"bp{number}")
        for number in range(resources - len(exam) - 1)
    ]
    return {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": "1"},
        "prefetch": {
            "patient": {"resourceType": "Patient", "id": "1", "gender": "female", "birthDate": "1979-04-02"},
            "exam": {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in (*exam, *others)]},
        },
    }


def resident(process: int) -> float:
    """The resident memory of a process in MB."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text(encoding="utf-8"))
    return int(found[1]) / 1024 if found else 0.0


def hey(address: str, body: Path, *how: str) -> str:
    """What ``hey`` says of a run, in one line."""
    command = ["hey", *how, "-m", "POST", "-T", "application/json", "-D", str(body), address + "/cds-services/mps-patient-view"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own words
    shares = ", ".join(f"p{share} {float(seconds) * 1000:.1f} ms" for share, seconds in re.findall(r"(\d+)%+ in ([\d.]+) secs", said))
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    statuses = ", ".join(re.findall(r"\[\d+\]\s+\d+ responses", said))
    return f"{float(rate[1]) if rate else 0:.0f}/s: {shares}; {statuses}"


def say(line: str) -> None:
    """One line, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Serve, ask, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--remembered", type=int, default=256)
    parser.add_argument("--store", default="")
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        body, config = Path(folder) / "body.json", Path(folder) / "service.yaml"
        body.write_text(json.dumps(chart()), encoding="utf-8")
        store = asked.store or f"sqlite:///{folder}/kept.sqlite"
        config.write_text(f"port: 0\nremembered: {asked.remembered}\nstore: {store}\n", encoding="utf-8")
        with subprocess.Popen(  # noqa: S603 - as above
            [*PROGRAM, "serve", "--config", str(config)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            try:
                address = (process.stdout or sys.stdin).readline().removeprefix("listening on ").strip()
                say(f"request {body.stat().st_size / 1000:.0f} kB, remembered {asked.remembered}")
                hey(address, body, "-n", "200", "-c", "4")
                say(f"one connection    {hey(address, body, '-n', '500', '-c', '1')}")
                each = str(max(1, asked.rate // CONNECTIONS))
                say(f"asked at {asked.rate}/s   {hey(address, body, '-z', f'{asked.seconds}s', '-c', str(CONNECTIONS), '-q', each)}")
                before = resident(process.pid)
                say(f"10,000 requests   {hey(address, body, '-n', '10000', '-c', '8')}")
                say(f"memory            {before:.0f} MB before, {resident(process.pid):.0f} MB after")
            finally:
                process.terminate()


if __name__ == "__main__":
    main()
