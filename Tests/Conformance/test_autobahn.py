"""Autobahn's WebSocket suite against the echo endpoint.

Every case has to be in the report: the suite itself ends well even where there is no server. CONFORMANCE_CASES=all runs all
of it and compares the result with docs/conformance.md.
"""

import json
import os
import subprocess

import pytest

from conftest import ROOT

FOLDER = ROOT / ".build" / "autobahn"
IS_FULL = os.environ.get("CONFORMANCE_CASES") == "all"
PASSING = {"OK", "NON-STRICT", "INFORMATIONAL"}

# Section: what it is about, how many cases it has, and which of them scripts/test runs: all, or those named.
SECTIONS = {
    1: ("Framing", 16, None),
    2: ("Pings and pongs", 11, None),
    3: ("Reserved bits", 7, None),
    4: ("Opcodes", 10, None),
    5: ("Fragmentation", 20, None),
    6: ("UTF-8", 145, None),
    7: ("Closing", 37, None),
    9: ("Limits and performance", 54, ["9.1.1", "9.2.1", "9.3.1", "9.4.1", "9.7.1", "9.8.1"]),
    10: ("Autofragmentation", 1, None),
    12: ("Compression, payloads", 90, ["12.1.1", "12.2.3", "12.3.1", "12.4.1", "12.5.1"]),
    13: ("Compression, parameters", 126, [f"13.{number}.1" for number in range(1, 8)]),
}
# What the endpoints agree to. Without takeover there is less that could go wrong: a part of two sections.
ENDPOINTS = {"takeover": "/echo", "no-takeover": "/echo/no-takeover"}
WITHOUT_TAKEOVER = {12: (["12.1.*"], 18), 13: (["13.1.*"], 18)}
WITHOUT_TAKEOVER_CORE = {12: (["12.1.1", "12.1.2"], 2), 13: (["13.1.1", "13.1.2"], 2)}


def install():
    """Installs the suite where it isn't; skips where that needs a Python which isn't there."""
    result = subprocess.run([ROOT / "scripts" / "lib" / "make-autobahn", FOLDER], capture_output=True, text=True)
    if result.returncode == 3:
        pytest.skip("Autobahn's suite needs Python 2.7")
    assert result.returncode == 0, result.stderr


def selected(endpoint):
    """Section: the patterns of the cases that run against an endpoint, and how many they are."""
    if endpoint == "no-takeover":
        return WITHOUT_TAKEOVER if IS_FULL else WITHOUT_TAKEOVER_CORE
    return {
        section: ([f"{section}.*"], count) if IS_FULL or names is None else (names, len(names))
        for section, (_, count, names) in SECTIONS.items()}


@pytest.fixture(scope="session")
def reports(port):
    """Endpoint: case: its result, of every case that was selected."""
    install()
    return {endpoint: run(endpoint, f"ws://127.0.0.1:{port}{path}") for endpoint, path in ENDPOINTS.items()}


def run(endpoint, url):
    specification = {
        "outdir": str(FOLDER / endpoint),
        "servers": [{"agent": "parley", "url": url}],
        "cases": [pattern for patterns, _ in selected(endpoint).values() for pattern in patterns],
        "exclude-cases": [],
        "exclude-agent-cases": {},
    }
    file = FOLDER / f"{endpoint}.json"
    file.write_text(json.dumps(specification))
    index = FOLDER / endpoint / "index.json"
    index.unlink(missing_ok=True)
    subprocess.run(
        [FOLDER / "python" / "bin" / "wstest", "-m", "fuzzingclient", "-s", file, "-u", "0"], cwd=FOLDER, check=True,
        stdout=subprocess.DEVNULL, timeout=7200)
    return json.loads(index.read_text())["parley"]


def of_section(report, section):
    return {case: result for case, result in report.items() if int(case.split(".")[0]) == section}


@pytest.mark.parametrize("endpoint, section", [
    (endpoint, section) for endpoint in ENDPOINTS for section in selected(endpoint)])
def test_no_case_of_the_section_fails(reports, endpoint, section):
    results = of_section(reports[endpoint], section)
    assert len(results) == selected(endpoint)[section][1]
    failed = {
        case: (result["behavior"], result["behaviorClose"]) for case, result in results.items()
        if result["behavior"] not in PASSING or result["behaviorClose"] not in PASSING}
    assert not failed


def table(reports):
    lines = ["| section | cases | OK | not strict | informational | failed |", "|---|---|---|---|---|---|"]
    for endpoint, section in [(endpoint, section) for endpoint in ENDPOINTS for section in selected(endpoint)]:
        results = of_section(reports[endpoint], section)
        again = ", without takeover" if endpoint == "no-takeover" else ""
        row = [f"{section} {SECTIONS[section][0]}{again}", str(len(results))]
        for kind in ["OK", "NON-STRICT", "INFORMATIONAL"]:
            row.append(str(sum(result["behavior"] == kind for result in results.values())))
        row.append(str(sum(result["behavior"] not in PASSING for result in results.values())))
        lines.append("| " + " | ".join(row) + " |")
    for kind in ["NON-STRICT", "INFORMATIONAL"]:
        named = {case for report in reports.values() for case, result in report.items() if result["behavior"] == kind}
        order = sorted(named, key=lambda case: [int(number) for number in case.split(".")])
        lines += ["", f"{kind}: {', '.join(order) or 'none'}."]
    return "\n".join(lines)


@pytest.mark.skipif(not IS_FULL, reason="CONFORMANCE_CASES=all runs every case")
def test_the_documentation_has_the_result(reports):
    """On failure: put the text of the message between the two markers of docs/conformance.md."""
    text = (ROOT / "docs" / "conformance.md").read_text()
    found = text.split("<!-- autobahn -->\n")[1].split("<!-- /autobahn -->")[0]
    assert found.strip() == table(reports), "\n" + table(reports)
