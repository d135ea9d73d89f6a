# What contributors run; `just check` is what continuous integration runs.

# Format, lints, docs, browser and tests.
check:
    .ci/run

# The tests alone.
test:
    cargo test

# The main job against the built-in target.
demo:
    cargo run --release -- run scenarios/light.toml --demo

# The run in reports/example/ anew, against the built-in target with faults; about a minute.
example:
    scenarios/freezing.sh

# The exploration in reports/explored/ anew, against the built-in target with a capacity; up to eight minutes.
explored:
    scenarios/exploring.sh

# The pictures of the README and of docs/explore.md out of these (needs chromium and node).
pictures:
    cd tests/browser && npm install --no-audit --no-fund --silent && node picture.mjs

# What templates, extraction and checks cost in CPU; about five minutes on two cores, for a quiet machine.
bench:
    benches/light-cost.py

# What a request costs beside wrk, hey, h2load and oha, and how evenly requests leave; a quarter of an hour, for a quiet machine.
bench-peers:
    benches/peers.py

# The instructions of the hot path against those in benches/instructions.csv, on any machine.
bench-instructions:
    benches/instructions.py

# Licences, bans and sources of dependencies (needs cargo-deny).
deny:
    cargo deny check bans licenses sources
