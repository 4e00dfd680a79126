#!/bin/sh
# Pins every dependency with its hashes, without index lines. Needs uv; keeps a week's distance
# from the newest uploads, so that a poisoned one has time to be found.
set -eu
cd "$(dirname "$0")/.."
newest=${NEWEST:-$(date -u -d '7 days ago' +%Y-%m-%d)}
pins=$(mktemp)
trap 'rm -f "$pins"' EXIT
pin() {
  uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --no-header --no-annotate --exclude-newer "$newest" --quiet "$@"
}
run="--extra web --extra privacy --extra documents --extra sdmx --extra indicators"
# shellcheck disable=SC2086 # several words on purpose
pin pyproject.toml $run --extra postgres --group test --group build \
  -o requirements/dev.txt
grep -E '^[a-zA-Z0-9_.-]+==' requirements/dev.txt | sed 's/ \\$//' >"$pins"
# shellcheck disable=SC2086
pin pyproject.toml $run -c "$pins" -o requirements/run.txt
printf 'hatchling\neditables\n' | pin - -c "$pins" -o requirements/build.txt
