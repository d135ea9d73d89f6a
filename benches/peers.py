#!/usr/bin/env python3
"""What a request costs, side by side with wrk, hey, h2load and oha; and how evenly requests leave.

    benches/peers.py                               # builds, installs what is missing, runs for about a quarter of an hour
    benches/peers.py --quick --case closed         # one short round of one case, to see whether it works

nginx answers on core 1, each tool runs on core 0, one after the other, in an order that turns from round to round. Compared is user
and system time of the whole process, from start to end, per request that the tool itself says it made. Ratios are of runs of one
round. A run with errors, or whose rate is off by more than 2 %, ends the program: it measured something else. Figures go to
reports/bench/DATE-HOST/. Needs Linux, two cores, Python 3.9; installs missing tools from Debian's packages (as root), and oha with
cargo into target/tools/.
"""

import dataclasses
import math
import os
import pathlib
import sys
import tempfile

from bench import figures, nginx, pacing, process, tools
from bench.tools import Load, Unsupported


@dataclasses.dataclass(frozen=True)
class Case:
    """One load that every tool is asked for that can do it."""

    title: str
    kind: str
    load: Load


CASES = {
    "closed": Case("closed, 64 connections", "plain", Load("", seconds=3)),
    "open-2000": Case("open, 2,000/s", "plain", Load("", connections=50, rate=2_000, seconds=4)),
    "open-10000": Case("open, 10,000/s", "plain", Load("", connections=50, rate=10_000, seconds=3)),
    "tls": Case("closed over TLS, 64 connections", "tls", Load("", seconds=3)),
    "h2c-1x64": Case("HTTP/2 without TLS, 1 connection × 64 streams", "h2c", Load("", connections=1, streams=64, seconds=3)),
    "h2c-64x1": Case("HTTP/2 without TLS, 64 connections × 1 stream", "h2c", Load("", connections=64, streams=1, seconds=3)),
    "h2-1x64": Case("HTTP/2 over TLS, 1 connection × 64 streams", "h2", Load("", connections=1, streams=64, seconds=3)),
    "h2-64x1": Case("HTTP/2 over TLS, 64 connections × 1 stream", "h2", Load("", connections=64, streams=1, seconds=3)),
}
MEMORY = (100_000, 1_000_000)
SMOKES = 10


def main():
    options = arguments()
    every = [tools.Mnload(options.mnload or process.build()), tools.Wrk(), tools.Hey(), tools.H2load(), tools.Oha()]
    tools.install([*every, tools.Curl()])
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        bench = Bench(every, scratch, options)
        with nginx.serving(scratch) as ports:
            bench.ports = ports
            for name, case in CASES.items():
                if name in options.case:
                    bench.compare(name, case)
            if "memory" in options.case:
                bench.memory()
            if "smoke" in options.case:
                bench.smoke()
        if bench.rows:
            publish(options, "peers", bench.rows, document(bench, options))
        if "pacing" in options.case:
            rows = pacing.measure(bench, options.rounds, 1 if options.quick else 3)
            publish(options, "pacing", rows, pacing.document(rows, about(options, bench.every)))


def arguments():
    names = [*CASES, "memory", "smoke", "pacing"]
    parser = figures.arguments(__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one round of runs of one second: shows that it works, no more")
    parser.add_argument("--tolerance", type=float, default=2, metavar="PERCENT",
                        help="how far a rate may be off; more makes it another load, so only to try things out [2]")
    parser.add_argument("--case", action="append", choices=names, help="these alone; may be given several times [all]")
    options = parser.parse_args()
    options.case = options.case or names
    if options.quick:
        options.rounds = 1
    return options


class Bench:
    """Runs the tools and keeps what they cost."""

    def __init__(self, every, scratch, options):
        self.every, self.scratch, self.quick, self.rounds = every, scratch, options.quick, options.rounds
        self.tolerance = options.tolerance / 100
        self.rows, self.unsupported, self.ports = [], [], None

    def cost(self, tool, load, before=()):
        """Runs a tool; gives what it did and what that cost."""
        command = [*before, *tool.command(load, self.scratch)]
        environment = tool.environment(load) if isinstance(tool, tools.Mnload) else None
        cost = process.run(command, environment)
        return tools.check(tool, cost, self.scratch), cost

    def at_rate(self, tool, load):
        """As `cost`; a run that was disturbed has a second try."""
        for _ in range(2):
            done, cost = self.cost(tool, load)
            off = done.requests / (load.rate * load.seconds) - 1 if load.rate else 0
            if abs(off) <= self.tolerance:
                return done, cost
        sys.exit(f"{tool.name} was asked for {load.rate:,}/s and is off by {off:+.1%}, twice: is the machine quiet?")

    def in_turn(self, number, able):
        """The tools, turned round from round to round, so that a drift of the machine favours none."""
        return able if number % 2 else able[::-1]

    def compare(self, name, case):
        load = dataclasses.replace(case.load, url=self.ports.base_url(case.kind) + nginx.PAGE)
        if self.quick:
            load = dataclasses.replace(load, seconds=1)
        able = [tool for tool in self.every if tool.command(load, self.scratch)]
        for number in range(1, self.rounds + 1):
            found = {}
            for tool in self.in_turn(number, able):
                try:
                    found[tool.name] = self.at_rate(tool, load)
                except Unsupported:
                    if number == 1:
                        self.unsupported.append(name)
            for tool, (done, cost) in found.items():
                self.keep(name, number, tool, done.requests, cost, seconds=load.seconds)
            self.relate(name, number, "cpu_us_per_request")

    def memory(self):
        """The most memory that a tool ever held in a run of so many requests; it does not differ from round to round."""
        self.every[0].program = pathlib.Path(self.every[0].program).resolve()
        peak = self.scratch / "peak"
        # A child's peak counts what its parent held when it was started, so the parent is one that holds little.
        gauge = ["time", "-f", "%M", "-o", peak]
        for requests in [count // 10 for count in MEMORY] if self.quick else MEMORY:
            load = Load(self.ports.base_url("plain") + nginx.PAGE, requests=requests)
            for tool in self.every:
                done, cost = self.cost(tool, self.timed(tool, load), gauge)
                self.keep(f"memory-{requests}", 1, tool.name, done.requests, cost, peak_kib=int(peak.read_text().split()[-1]))
            self.relate(f"memory-{requests}", 1, "peak_kib")

    def timed(self, tool, load):
        """For a tool that cannot count requests: as many seconds as it needs for them."""
        if tool.command(load, self.scratch):
            return load
        done, cost = self.cost(tool, dataclasses.replace(load, requests=0, seconds=1))
        return dataclasses.replace(load, requests=0, seconds=math.ceil(load.requests / done.requests * cost.wall_s))

    def smoke(self):
        """One request, with all that comes before and after it."""
        load = Load(self.ports.base_url("plain") + nginx.PAGE, connections=1, requests=1)
        able = [tool for tool in [*self.every, tools.Curl()] if tool.name not in ("wrk", "h2load")]
        for number in range(1, (3 if self.quick else self.rounds * SMOKES) + 1):
            for tool in self.in_turn(number, able):
                done, cost = self.cost(tool, load)
                self.keep("smoke", number, tool.name, done.requests, cost)
            self.relate("smoke", number, "cpu_us_per_request")

    def keep(self, case, number, tool, requests, cost, seconds=0, peak_kib=""):
        self.rows.append({
            "case": case, "round": number, "tool": tool, "requests": requests,
            "cpu_s": round(cost.cpu_s, 4), "wall_s": round(cost.wall_s, 4),
            "cpu_us_per_request": round(cost.cpu_s / requests * 1e6, 3),
            "requests_per_s": round(requests / (seconds or cost.wall_s), 1), "peak_kib": peak_kib, "mnload_ratio": "",
        })
        print(self.rows[-1], file=sys.stderr)

    def relate(self, case, number, key):
        """What mnload needs in terms of each peer in the same round."""
        rows = {row["tool"]: row for row in self.rows if (row["case"], row["round"]) == (case, number)}
        own = rows.pop("mnload", None)
        for row in rows.values() if own else ():
            row["mnload_ratio"] = round(own[key] / row[key], 3)

    def of(self, case):
        """The rows of a case by tool, in the order of the tools."""
        order = [tool.name for tool in [*self.every, tools.Curl()]]
        found = {name: [row for row in self.rows if (row["case"], row["tool"]) == (case, name)] for name in order}
        return {name: rows for name, rows in found.items() if rows}


def document(bench, options):
    lines = ["# What a request costs, beside other tools", "", about(options, [*bench.every, tools.Curl()]), ""]
    lines += [
        "CPU is user and system time of the whole process, from start to end, on core 0, per request that the tool says it made; nginx "
        f"answers on core 1 with a file of {nginx.PAGE_BYTES:,} bytes. mnload records every request, checks its status, counts by step and "
        "writes its reports. Each figure is the median of the rounds (lowest–highest); the last column is mnload's figure over the tool's, "
        "round by round: below 1 mnload needs less. In the closed cases the faster tool of two makes more requests in the same time.", "",
    ]
    compared = [name for name in CASES if name in options.case]
    if compared:
        lines += ["| load | tool | CPU µs/request | requests/s | mnload / tool |", "|---|---|---|---|---|"]
    for name in compared:
        for tool, rows in bench.of(name).items():
            cpu, rate = (figures.spread(column(rows, key), digits)
                         for key, digits in (("cpu_us_per_request", 2), ("requests_per_s", 0)))
            lines.append(f"| {CASES[name].title} | {tool} | {cpu} | {rate} | {ratio(rows)} |")
        if name in bench.unsupported:
            lines.append(f"| {CASES[name].title} | mnload | not supported by this build | | |")
    memory = dict.fromkeys(row["case"] for row in bench.rows if row["case"].startswith("memory"))
    if memory:
        lines += ["", "The most memory held in a run over 64 connections, one run each; wrk has no count of requests, so it runs as long "
                  "as it needs for about as many.", "",
                  "| asked for | tool | requests made | peak MiB | mnload / tool |", "|---|---|---|---|---|"]
    for name in memory:
        for tool, (row, *_) in bench.of(name).items():
            asked = int(name.removeprefix("memory-"))
            lines.append(f"| {asked:,} requests | {tool} | {row['requests']:,} | {row['peak_kib'] / 1024:.1f} | {ratio([row])} |")
    if "smoke" in options.case:
        lines += ["", "One request, and nothing else: start, request and end.", "",
                  "| tool | CPU ms | wall ms | mnload / tool |", "|---|---|---|---|"]
        for tool, rows in bench.of("smoke").items():
            cpu, wall = (figures.spread((value * 1e3 for value in column(rows, key)), 1) for key in ("cpu_s", "wall_s"))
            lines.append(f"| {tool} | {cpu} | {wall} | {ratio(rows)} |")
    return "\n".join(lines) + "\n"


def column(rows, key):
    return [row[key] for row in rows]


def ratio(rows):
    ratios = [row["mnload_ratio"] for row in rows if row["mnload_ratio"] != ""]
    return f"**{figures.spread(ratios, 2)}**" if ratios else "–"


def about(options, every):
    """How to repeat it, on which machine it ran, and with what."""
    named = [*(f"--case {name}" for name in options.case if len(options.case) < len(CASES) + 3)]
    repeat = " ".join(["benches/peers.py", "--quick" if options.quick else f"--rounds {options.rounds}", *named])
    repeat += f" --tolerance {options.tolerance:g}" if options.tolerance != 2 else ""
    versions = ", ".join(f"{tool.name} {tool.version()}" for tool in every)
    load, _, _ = os.getloadavg()
    return (f"`{repeat}`, {figures.machine()}, load average {load:.1f} at the end. mnload at {tools.revision()}, profile: {options.profile}. "
            f"{versions}, {nginx.version()}.")


def publish(options, name, rows, text):
    figures.write(options.out, name, rows, text)
    print(text)


if __name__ == "__main__":
    if len(os.sched_getaffinity(0)) < 2:
        sys.exit("two cores are needed: one for the tools, one for the server")
    sys.exit(main())
