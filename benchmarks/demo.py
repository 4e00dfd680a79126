"""The demo's seconds by step, beside starting Python in the same run."""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    begun = time.monotonic()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    bare = time.monotonic() - begun
    runs = []
    for _ in range(1 if asked.quick else 3):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "sekisho", "demo", f"{folder}/node", "--json"]
            begun = time.monotonic()
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            wall = time.monotonic() - begun
            runs.append({**json.loads(done.stdout)["seconds"], "whole process": wall})
    figures = {step: sorted(run[step] for run in runs)[len(runs) // 2] for step in runs[0]}
    print(f"{'step':18}{'seconds':>9}{'x python -c pass':>19}")
    for step, seconds in figures.items():
        print(f"{step:18}{seconds:9.2f}{seconds / bare:19.0f}")
    if asked.json:
        asked.json.write_text(json.dumps({"python_pass_s": bare, "seconds": figures}, indent=1))


if __name__ == "__main__":
    main()
