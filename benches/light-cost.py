#!/usr/bin/env python3
"""What templates, extraction and checks cost: the CPU of a rich run against that of the same run without them.

    benches/light-cost.py                          # builds, runs for about five minutes, writes reports/bench/DATE-HOST/
    benches/light-cost.py --rounds 3 --out DIR     # fewer rounds, elsewhere

Two scenarios stand in benches/light-cost/: plain.toml sends what rich.toml sends, the same for every journey. They run in turn,
pinned to core 0, against the built-in target without latency, pinned to core 1. Compared is user and system time of the whole
mnload process per request, less that of a run of one journey, which is start, report and end. The requirement is a ratio of at most
1.5 for a light run; the closed run is the same without the waiting that a light run consists of, and so the hardest comparison.
Needs Linux, two cores, Python 3.9 and taskset. Exit code 1 when a light run costs more than it may.
"""

import argparse
import csv
import datetime
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAIR = ROOT / "benches" / "light-cost"
ADDRESS = "127.0.0.1:3999"
MODES = {
    "light": ("light", "open, 25 journeys/s (100 requests/s)"),
    "open": (None, "open, 250 journeys/s (1,000 requests/s)"),
    "closed": ("closed", "closed, 8 users without pause"),
}
LIMIT = 1.5


def main():
    options = arguments()
    mnload = options.mnload or build()
    with tempfile.TemporaryDirectory() as scratch, Target(mnload) as target:
        bench = Bench(mnload, target.token, pathlib.Path(scratch))
        fixed = {half: statistics.median(bench.run(half, "once").cpu_s for _ in range(5)) for half in ("plain", "rich")}
        rows = measure(bench, fixed, options.rounds)
    text = document(rows, fixed, options)
    write(options.out, rows, text)
    print(text)
    return 0 if ratio(rows, "light") <= LIMIT else 1


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="plain and rich in turn so many times [5]")
    parser.add_argument("--mnload", type=pathlib.Path, help="a program that is built already, instead of building one")
    parser.add_argument("--profile", default="release", help="how it was built, in words, for the report [release]")
    parser.add_argument("--out", type=pathlib.Path, default=default_folder(), help="where the figures go [%(default)s]")
    return parser.parse_args()


def default_folder():
    host = f"{os.cpu_count()}-core-{platform.machine()}"
    return ROOT / "reports" / "bench" / f"{datetime.date.today().isoformat()}-{host}"


def build():
    subprocess.run(["cargo", "build", "--release", "--locked"], cwd=ROOT, check=True)
    return ROOT / "target" / "release" / "mnload"


class Target:
    """The built-in target on core 1, with what the scenarios look for."""

    def __init__(self, mnload):
        self.command = ["taskset", "-c", "1", mnload, "demo", "--listen", ADDRESS, "--latency", "none", "--token-lifetime", "6h"]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self.wait_until_it_listens()
            signed_in = self.post("/api/auth/login", {"email": "user@medianest.example", "password": "demo-password"})
            self.token = signed_in["data"]["token"]
            for number in range(5):
                self.post("/api/media/request", {"title": f"Title {number}", "mediaType": "movie", "tmdbId": number})
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def wait_until_it_listens(self):
        for _ in range(100):
            try:
                return urllib.request.urlopen(f"http://{ADDRESS}/health", timeout=1).close()
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        sys.exit(f"the target does not listen on {ADDRESS}")

    def post(self, path, document):
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {getattr(self, 'token', '')}"}
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
        command = ["taskset", "-c", "0", *self.command(PAIR / f"{half}.toml", profile, out)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return Run(usage.ru_utime + usage.ru_stime, requests_of(out, process.returncode, said))


def requests_of(out, code, said):
    """How many requests the run made; a run with a failed one measures something else."""
    result = out / "result.json"
    document = json.loads(result.read_text()) if result.exists() else {}
    failed = sum(step["failed"] for step in document.get("steps", {}).values())
    # A generator that is kept busy on purpose is INCONCLUSIVE (4), which says nothing against its CPU.
    if code not in (0, 4) or not document or failed or document["accounting"]["passed"] == 0:
        sys.exit(f"the run ended with {code} and {failed} failed requests:\n{said.decode(errors='replace')}")
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
        values = [row[key] for row in rows if row["mode"] == mode]
        return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"

    lines = [
        "# What templates, extraction and checks cost", "",
        f"`benches/light-cost.py --rounds {options.rounds}`, {datetime.date.today().isoformat()}, {os.cpu_count()} cores "
        f"{platform.machine()}, {processor()}, {platform.system()} {platform.release().split('-')[0]}, profile: {options.profile}.", "",
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


def processor():
    names = re.findall(r"model name\s*: (.+)", pathlib.Path("/proc/cpuinfo").read_text())
    return names[0] if names else "processor not named"


def write(folder, rows, text):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "light-cost.md").write_text(text)
    with open(folder / "light-cost.csv", "w", newline="") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(rows)


if __name__ == "__main__":
    if not shutil.which("taskset"):
        sys.exit("taskset is needed (util-linux)")
    sys.exit(main())
