"""How long `sekisho --help` takes, in CPU seconds, beside `python -c pass` in the same run."""

import argparse
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from statistics import median


def cpu_seconds(command: list[str]) -> float:
    """User and system seconds of one run of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "LANG": "C"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    rounds = 5 if asked.quick else 25
    bare = [sys.executable, "-c", "pass"]
    help_ = [sys.executable, "-m", "sekisho", "--help"]
    cpu_seconds(help_)
    pairs = [(cpu_seconds(bare), cpu_seconds(help_)) for _ in range(rounds)]
    passed, helped = median(p for p, _ in pairs), median(h for _, h in pairs)
    figures = {
        "python_pass_cpu_s": passed,
        "help_cpu_s": helped,
        "help_cpu_worst_s": max(h for _, h in pairs),
        "ratio": helped / passed,
        "rounds": rounds,
        "target_s": 0.3,
    }
    print(f"python -c pass   {passed:.3f} s CPU")
    print(f"sekisho --help   {helped:.3f} s CPU, {helped / passed:.1f}x; target at most 0.3 s")
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
