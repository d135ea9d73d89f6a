"""How evenly requests leave: when they arrive at a recording server, against the ideal schedule of their rate.

The server is mnload's built-in target without latency, on its own core; it takes the time when it has read a request's head. The
ideal schedule has the rate that was asked for; where it begins is fitted, so that the median deviation is zero.
"""

import bisect
import csv
import dataclasses
import signal
import socket
import statistics
import sys

from . import figures, tools
from .nginx import free_ports
from .process import server, wait_until

RATES = (1_000, 10_000)
MODES = ("", "precise", "economy")
MILLISECOND_NS = 1_000_000


def measure(bench, rounds, seconds):
    """Rows of every rate, round and generator; a mode that this build does not know has one row that says so."""
    mnload = bench.every[0]
    generators = [(f"mnload {mode}".strip(), mnload, mode) for mode in MODES]
    generators += [("oha", tool, "") for tool in bench.every if tool.name == "oha"]
    rows, unsupported = [], set()
    for rate in RATES:
        for number in range(1, rounds + 1):
            for name, tool, mode in bench.in_turn(number, generators):
                if name in unsupported:
                    continue
                load = tools.Load("", connections=50, rate=rate, seconds=seconds, pacing=mode)
                try:
                    rows.append({"generator": name, "rate": rate, "round": number, **one(bench, mnload, tool, load)})
                except tools.Unsupported:
                    unsupported.add(name)
                    continue
                print(rows[-1], file=sys.stderr)
    return rows + [{**dict.fromkeys(rows[0], ""), "generator": name} for name in sorted(unsupported)]


def one(bench, mnload, tool, load):
    """One run against a fresh recording server."""
    (port,) = free_ports(1)
    file = bench.scratch / "arrivals.csv"
    command = [mnload.program, "demo", "--listen", f"127.0.0.1:{port}", "--latency", "none", "--record", file]
    load = dataclasses.replace(load, url=f"http://127.0.0.1:{port}/health")
    with server(command) as demo:
        wait_until(lambda: listens(port), demo, "the recording server")
        done, _ = bench.at_rate(tool, load)
        demo.send_signal(signal.SIGINT)
        demo.wait()
    with open(file, newline="") as lines:
        arrived = sorted(int(row["arrived_ns"]) for row in csv.DictReader(lines))
    # A second try of a disturbed run is what counts.
    return deviation(arrived[-done.requests:], load.rate)


def listens(port):
    """Whether a connection is taken; nothing is asked over it, so nothing is recorded."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def deviation(arrived, rate):
    """How far arrivals are from where they should be, in microseconds, and how they cluster."""
    off = [(at - number * 1e9 / rate) / 1e3 for number, at in enumerate(arrived)]
    middle = statistics.median(off)
    apart = sorted(abs(one - middle) for one in off)
    tenth = max(len(off) // 10, 1)
    return {
        "requests": len(arrived),
        "p50_us": round(apart[len(apart) // 2], 1),
        "p99_us": round(apart[min(int(len(apart) * 0.99), len(apart) - 1)], 1),
        "drift_us": round(statistics.median(off[-tenth:]) - statistics.median(off[:tenth]), 1),
        "largest_in_1_ms": max(bisect.bisect_left(arrived, at + MILLISECOND_NS) - number for number, at in enumerate(arrived)),
    }


def document(rows, about):
    lines = [
        "# How evenly requests leave", "", about, "",
        "Deviation of arrivals at a recording server (the built-in target, on core 1) from the ideal schedule of the rate, whose beginning is "
        "fitted to the median; the server's own work on each request is part of it. Drift is how much later the last tenth is than the first, "
        "against that schedule. Each figure is the median of the rounds (lowest–highest).", "",
        "| rate | generator | deviation p50 µs | p99 µs | drift µs | most in 1 ms (ideal) |", "|---|---|---|---|---|---|",
    ]
    for rate in RATES:
        for name in dict.fromkeys(row["generator"] for row in rows):
            of = [row for row in rows if (row["generator"], row["rate"]) == (name, rate)]
            if not of:
                lines.append(f"| {rate:,}/s | {name} | not supported by this build | | | |")
                continue
            spreads = (figures.spread((row[key] for row in of), 0) for key in ("p50_us", "p99_us", "drift_us", "largest_in_1_ms"))
            lines.append(f"| {rate:,}/s | {' | '.join([name, *spreads])} ({rate // 1_000}) |")
    return "\n".join(lines) + "\n"
