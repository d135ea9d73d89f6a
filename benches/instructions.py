#!/usr/bin/env python3
"""Counts the instructions of the hot path under valgrind, and holds them against benches/instructions.csv.

    benches/instructions.py            # counts and compares; exit code 1 when one needs more than its limit
    benches/instructions.py --bless    # counts and writes the file anew, to be looked at and committed

Built as tests are, so that next to nothing is compiled anew: optimised, with the checks for overflow that a release does without.
Counts do not depend on how busy a machine is. They differ a little between compilers and processors, so a count may be higher by
LIMIT before it is an error; one that is lower by as much is told, to be blessed. Installs gungraun-runner with cargo into
target/tools/ at the version that Cargo.lock has; needs valgrind.
"""

import argparse
import csv
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

from bench.process import ROOT

COUNTS = ROOT / "benches" / "instructions.csv"
TOOLS = ROOT / "target" / "tools"
LIMIT = 0.10
PROFILE = "test"
# What OPERATIONS is in benches/instructions/main.rs.
OPERATIONS = 100


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bless", action="store_true", help="write the counts to benches/instructions.csv instead of comparing")
    options = parser.parse_args()
    if not shutil.which("valgrind"):
        sys.exit("valgrind is needed: apt-get install valgrind")
    install_runner()
    counts = count()
    if options.bless:
        return bless(counts)
    with open(COUNTS, newline="") as file:
        return compare(counts, {row["bench"]: int(row["instructions"]) for row in csv.DictReader(file)})


def install_runner():
    """The runner must be of the very version of the library; which one is there, a file beside it says."""
    wanted = re.search(r'name = "gungraun"\nversion = "([^"]+)"', (ROOT / "Cargo.lock").read_text()).group(1)
    there = json.loads((TOOLS / ".crates2.json").read_text())["installs"] if (TOOLS / ".crates2.json").exists() else {}
    if not any(crate.startswith(f"gungraun-runner {wanted} ") for crate in there):
        # Not optimised: it only starts valgrind and reads what it wrote, and is compiled sooner.
        install = ["cargo", "install", "--debug", "gungraun-runner", "--version", f"={wanted}", "--locked", "--root", TOOLS]
        subprocess.run(install, cwd="/", check=True)


def count():
    """Instructions by bench."""
    command = ["cargo", "bench", "--profile", PROFILE, "--locked", "--quiet", "--bench", "instructions", "--", "--output-format=json"]
    path = os.pathsep.join([str(TOOLS / "bin"), os.environ["PATH"]])
    result = subprocess.run(command, cwd=ROOT, env={**os.environ, "PATH": path}, stdout=subprocess.PIPE, text=True)
    if result.returncode:
        sys.exit(f"the benches ended with {result.returncode}")
    return dict(bench_of(json.loads(line)) for line in result.stdout.splitlines() if line.startswith("{"))


def bench_of(summary):
    """The name of a bench, and its instructions."""
    instructions = summary["profiles"][0]["data"]["total"]["metrics"]["Ir"]["values"]["new"]
    return f"{summary['function_name']} {summary['id']}", int(instructions)


def bless(counts):
    with open(COUNTS, "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["bench", "instructions"])
        table.writerows(counts.items())
    show(counts, counts)
    print(f"written to {COUNTS.relative_to(ROOT)}")
    return 0


def compare(counts, blessed):
    show(counts, blessed)
    grown = [name for name in counts if name in blessed and counts[name] > blessed[name] * (1 + LIMIT)]
    fallen = [name for name in counts if name in blessed and counts[name] < blessed[name] * (1 - LIMIT)]
    other = sorted(counts.keys() ^ blessed.keys())
    if fallen:
        print(f"fewer than before: {', '.join(fallen)}: bless them, or a later loss goes unseen")
    for what, names in ((f"needs over {LIMIT:.0%} more instructions", grown), ("is in the benches or in the file alone", other)):
        for name in names:
            print(f"error: {name} {what}")
    if grown or other:
        print("if that is meant: benches/instructions.py --bless, and commit benches/instructions.csv")
    return 1 if grown or other else 0


def show(counts, blessed):
    print(f"{'instructions of one':<45}{'now':>10}{'blessed':>10}{'change':>9}")
    for name, now in counts.items():
        before = blessed.get(name)
        told = f"{before / OPERATIONS:>10,.0f}{now / before - 1:>+9.1%}" if before else f"{'–':>10}"
        print(f"{name:<45}{now / OPERATIONS:>10,.0f}{told}")


if __name__ == "__main__":
    sys.exit(main())
