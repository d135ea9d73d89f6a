#!/usr/bin/env python3
"""What templates, extraction and checks cost: the CPU of a rich run against that of the same run without them.

    benches/light-cost.py                          # builds, runs for about five minutes, writes reports/bench/DATE-HOST/
    benches/light-cost.py --rounds 3 --out DIR     # fewer rounds, elsewhere

Two scenarios stand in benches/light-cost/: plain.toml sends what rich.toml sends, the same for every journey. They run in turn,
pinned to core 0, against the built-in target without latency, pinned to core 1. Compared is user and system time of the whole
mnload process per request, less that of a run of one journey, which is start, report and end. The requirement is a ratio of at most
1.5 for a light run; the closed run is the same without the waiting that a light run consists of, and so the hardest comparison.
Needs Linux, two cores and Python 3.9. Exit code 1 when a light run costs more than it may.
"""

import contextlib
import json
import pathlib
import statistics
import sys
import tempfile
import urllib.request

from bench import figures, process

PAIR = process.ROOT / "benches" / "light-cost"
ADDRESS = "127.0.0.1:3999"
MODES = {
    "light": ("light", "open, 25 journeys/s (100 requests/s)"),
    "open": (None, "open, 250 journeys/s (1,000 requests/s)"),
    "closed": ("closed", "closed, 8 users without pause"),
}
LIMIT = 1.5


def main():
    options = figures.arguments(__doc__.splitlines()[0]).parse_args()
    mnload = options.mnload or process.build()
    with tempfile.TemporaryDirectory() as scratch, serving(mnload) as token:
        bench = Bench(mnload, token, pathlib.Path(scratch))
        fixed = {half: statistics.median(bench.run(half, "once").cpu_s for _ in range(5)) for half in ("plain", "rich")}
        rows = measure(bench, fixed, options.rounds)
    text = document(rows, fixed, options)
    figures.write(options.out, "light-cost", rows, text)
    print(text)
    return 0 if ratio(rows, "light") <= LIMIT else 1


@contextlib.contextmanager
def serving(mnload):
    """The built-in target on a core of its own, with what the scenarios look for; gives the token of a signed-in user."""
    with process.server([mnload, "demo", "--listen", ADDRESS, "--latency", "none", "--token-lifetime", "6h"]) as demo:
        process.wait_until(is_healthy, demo, f"the target on {ADDRESS}")
        signed_in = post("/api/auth/login", {"email": "user@medianest.example", "password": "demo-password"})
        token = signed_in["data"]["token"]
        for number in range(5):
            post("/api/media/request", {"title": f"Title {number}", "mediaType": "movie", "tmdbId": number}, token)
        yield token


def is_healthy():
    try:
        urllib.request.urlopen(f"http://{ADDRESS}/health", timeout=1).close()
        return True
    except OSError:
        return False


def post(path, document, token=""):
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"http://{ADDRESS}{path}", json.dumps(document).encode(), headers)
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)


class Run:
    """What one run cost."""

    def __init__(self, cpu_s, requests):
        self.cpu_s, self.requests = cpu_s, requests

    def us_per_request(self, fixed_s):
        return (self.cpu_s - fixed_s) / self.requests * 1e6


class Bench:
    """Runs one half of the pair and says what it cost."""

    def __init__(self, mnload, token, scratch):
        self.mnload, self.token, self.scratch = mnload, token, scratch

    def command(self, scenario, profile, out):
        command = [self.mnload, "run", scenario, "--set", f"token={self.token}", "--out", out, "--overwrite", "--quiet"]
        return command + (["--profile", profile] if profile else [])

    def run(self, half, profile):
        out = self.scratch / half
        cost = process.run(self.command(PAIR / f"{half}.toml", profile, out))
        return Run(cost.cpu_s, requests_of(out, cost))


def requests_of(out, cost):
    """How many requests the run made; a run with a failed one measures something else."""
    result = out / "result.json"
    document = json.loads(result.read_text()) if result.exists() else {}
    failed = sum(step["failed"] for step in document.get("steps", {}).values())
    # A generator that is kept busy on purpose is INCONCLUSIVE (4), which says nothing against its CPU.
    if cost.code not in (0, 4) or not document or failed or document["accounting"]["passed"] == 0:
        sys.exit(f"the run ended with {cost.code} and {failed} failed requests:\n{cost.said}")
    return sum(step["requests"] for step in document["steps"].values())


def measure(bench, fixed, rounds):
    rows = []
    for mode, (profile, _) in MODES.items():
        for number in range(1, rounds + 1):
            # Whoever goes first changes from round to round, so that a drift of the machine favours neither.
            order = ("plain", "rich") if number % 2 else ("rich", "plain")
            runs = {half: bench.run(half, profile) for half in order}
            costs = {half: run.us_per_request(fixed[half]) for half, run in runs.items()}
            rows.append({
                "mode": mode, "round": number,
                "plain_requests": runs["plain"].requests, "rich_requests": runs["rich"].requests,
                "plain_cpu_s": round(runs["plain"].cpu_s, 4), "rich_cpu_s": round(runs["rich"].cpu_s, 4),
                "plain_us_per_request": round(costs["plain"], 2), "rich_us_per_request": round(costs["rich"], 2),
                "ratio": round(costs["rich"] / costs["plain"], 3),
            })
            print(rows[-1], file=sys.stderr)
    return rows


def ratio(rows, mode):
    return statistics.median(row["ratio"] for row in rows if row["mode"] == mode)


def document(rows, fixed, options):
    def spread(mode, key, digits):
        return figures.spread((row[key] for row in rows if row["mode"] == mode), digits)

    lines = [
        "# What templates, extraction and checks cost", "",
        f"`benches/light-cost.py --rounds {options.rounds}`, {figures.machine()}, profile: {options.profile}.", "",
        "CPU is user and system time of the mnload process on core 0; the target runs on core 1. Each figure is the median of "
        f"{options.rounds} pairs (lowest–highest).", "",
        "| load | plain µs/request | rich µs/request | rich / plain |", "|---|---|---|---|",
    ]
    for mode, (_, title) in MODES.items():
        plain, rich = spread(mode, "plain_us_per_request", 1), spread(mode, "rich_us_per_request", 1)
        lines.append(f"| {title} | {plain} | {rich} | **{spread(mode, 'ratio', 2)}** |")
    lines += ["", f"Taken off each run, as start, report and end: {fixed['plain'] * 1e3:.0f} ms plain, {fixed['rich'] * 1e3:.0f} ms rich."]
    verdict = "holds" if ratio(rows, "light") <= LIMIT else "does NOT hold"
    lines += ["", f"A light run costs at most {LIMIT} × the CPU of the same run without them: **{verdict}** "
              f"({ratio(rows, 'light'):.2f})."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
