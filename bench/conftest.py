"""The benchmarks print a table of their own: median and 99th percentile, and each against the first of its group."""

from typing import Any

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """One line a benchmark: p50, p99, rounds, and how many times the first of its group it takes."""
    session: Any = getattr(config, "_benchmarksession", None)
    if session is None or not session.benchmarks:
        return
    terminalreporter.section("p50 and p99, milliseconds")
    first: dict[str, float] = {}
    for bench in session.benchmarks:
        data = sorted(bench.stats.data)
        p50, p99 = data[len(data) // 2] * 1000, data[min(len(data) - 1, len(data) * 99 // 100)] * 1000
        base = first.setdefault(bench.group or bench.name, p50)
        name = bench.params["example"] if bench.params and "example" in bench.params else bench.name
        terminalreporter.write_line(f"{bench.group:<32} {name:<28} p50 {p50:9.3f}  p99 {p99:9.3f}  x{p50 / base:7.2f}  n {len(data)}")
