#!/usr/bin/env bash
# Makes the exploration in reports/explored/ anew: the built-in target with a capacity of 300 requests a second, and
# scenarios/capacity.toml against it. At most eight minutes, once mnload is built.
#   MNLOAD   the program, unless one is to be built
#   LISTEN   where the target listens, 127.0.0.1:3000 unless told; the address stands in the reports
#   OUT      the folder, reports/explored unless told
set -euo pipefail
cd "$(dirname "$0")/.."
listen=${LISTEN:-127.0.0.1:3000}
out=${OUT:-reports/explored}
if [ -z "${MNLOAD:-}" ]; then
  cargo build --release --locked --quiet
  MNLOAD=target/release/mnload
fi

said=$(mktemp)
"$MNLOAD" demo --listen "$listen" --seed 7 --capacity 300/s >"$said" 2>&1 &
target=$!
trap 'kill "$target" 2>/dev/null || true; rm -f "$said"' EXIT
for _ in $(seq 100); do
  grep -q "listening on" "$said" && break
  kill -0 "$target" || { cat "$said" >&2; exit 1; }
  sleep 0.1
done

code=0
BASE_URL="http://$listen" "$MNLOAD" explore scenarios/capacity.toml --out "$out" --overwrite || code=$?
if [ "$code" -ne 0 ]; then
  echo "wanted exit code 0, got $code: on a machine that is busy it takes longer to be sure, so try again" >&2
  exit 1
fi
