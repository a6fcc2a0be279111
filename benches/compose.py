#!/usr/bin/env python3
"""`config` on projects of 10 to 10,000 services, beside a reference program.

    cargo build --release
    python3 benches/compose.py [--reference "docker compose"] [--runs 9] [--counts 10,100,1000]
    python3 benches/compose.py --hostile

The programs take turns, so that a busy machine slows both. Each figure is the median wall time of its
runs; CPU time and the peak of resident memory are those of the process, as the kernel counted them.
`--hostile` runs the files that are meant to take forever, each with at most 2 GB of address space and
30 s; what needs more than 2 s or 200 MB is marked, and the exit code is then 1. Linux; Python's standard
library only.
"""

import argparse
import os
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import compose_files

ROOT = Path(__file__).resolve().parent.parent


def limits():
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
    resource.setrlimit(resource.RLIMIT_CPU, (30, 30))


def run(command, limited=False):
    """Wall seconds, CPU seconds, peak megabytes, exit code and bytes printed of one run."""
    start = time.perf_counter()
    # A Go program reserves more address space than it uses: no limit for the reference.
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               preexec_fn=limits if limited else None)
    killer = threading.Timer(60, process.kill)
    killer.start()
    printed = 0
    while block := process.stdout.read(1 << 20):
        printed += len(block)
    _, status, usage = os.wait4(process.pid, 0)
    killer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    return (time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024,
            process.returncode, printed)


def figures(runs):
    wall, cpu, peak = (statistics.median(one[at] for one in runs) for at in range(3))
    return wall, f"{wall * 1000:9.1f} ms {cpu * 1000:9.1f} ms CPU {peak:7.1f} MB"


def realistic(given, folder):
    programs = {"decklift": [str(given.program.resolve())]}
    if given.reference:
        programs["reference"] = shlex.split(given.reference)
    for count in given.counts:
        path = folder / "compose.yaml"
        path.write_text(compose_files.services(count))
        for form in ["json", "yaml"]:
            runs = {name: [] for name in programs}
            for _ in range(given.runs):
                for name, program in programs.items():
                    files = ["-f", str(path)]
                    # decklift takes the files after the command as well as before it.
                    words = ["config", "--format", form]
                    command = [*program, *words, *files] if name == "decklift" else [*program, *files, *words]
                    runs[name].append(run(command))
                    if runs[name][-1][3] != 0:
                        sys.exit(f"{shlex.join(command)} exited with {runs[name][-1][3]}")
            walls = {}
            for name in programs:
                walls[name], text = figures(runs[name])
                print(f"{count:6} services  {form}  {name:<10} {text}")
            if "reference" in walls:
                print(f"{count:6} services  {form}  ratio      {walls['decklift'] / walls['reference']:.3f}")


def hostile(given, folder):
    too_much = []
    for name, make in compose_files.HOSTILE.items():
        for megabytes in given.megabytes:
            path = folder / "compose.yaml"
            path.write_text(make(int(megabytes * 1e6)))
            wall, cpu, peak, code, _ = run([str(given.program.resolve()), "config", "-f", str(path)], limited=True)
            bad = cpu > 2 or peak > 200 or code not in (0, 2, 3)
            too_much += [name] if bad else []
            print(f"{name:<30} {megabytes:4} MB {wall * 1000:9.1f} ms {cpu * 1000:9.1f} ms CPU {peak:7.1f} MB  "
                  f"exit {code}{'   TOO MUCH' if bad else ''}", flush=True)
    return 1 if too_much else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=ROOT / "target/release/decklift", type=Path)
    parser.add_argument("--reference", help="a command that takes `-f FILE config --format json`")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--counts", default=[10, 100, 1000, 10000],
                        type=lambda text: [int(part) for part in text.split(",")])
    parser.add_argument("--hostile", action="store_true")
    parser.add_argument("--megabytes", default=[3, 9.5],
                        type=lambda text: [float(part) for part in text.split(",")])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(hostile(given, Path(folder)) if given.hostile else realistic(given, Path(folder)))


if __name__ == "__main__":
    main()
