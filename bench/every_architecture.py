#!/usr/bin/env python3
"""Every classifier of the zoo learns a few faces by heart: a recorded run, from drawn weights.

    bench/every_architecture.py DATA --program build/dev/src/cli/maskscope --runs /tmp/learns --out docs/learns.md

Some 60 faces at 64 px without augmentation (bench/overfit.yaml), until 95 % of them are called right, at most 40 epochs. A network whose gradients, statistics or shapes were wrong somewhere
would not reach 95 % of its own training faces; one that does can still be a poor choice for so little data. Runs that are there are not repeated.
Exit code 1 when one stays below 95 %.
"""
import argparse
import csv
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

GOAL = 0.95


def classifiers(program):
    lines = subprocess.run([program, "model", "list"], capture_output=True, text=True, check=True).stdout.splitlines()
    return [line.split()[0] for line in lines if line.split()[1:2] == ["classifier"]]


def read_rows(folder):
    try:
        with open(folder / "results.csv", newline="") as text:
            return list(csv.DictReader(text))
    except FileNotFoundError:
        return []


def has_learnt(rows):
    return any(float(row["train_accuracy"]) >= GOAL for row in rows)


def train(options, name, folder):
    """Trains until the goal or the last epoch; what stood in the way, or None."""
    here = pathlib.Path(__file__).resolve().parent
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen([options.program, "train", "classifier", "--quiet", "--recipe", here / "overfit.yaml", "--arch", name, "--data",
                                    options.data, "--epochs", str(options.epochs), "--limit", str(options.limit), "--validation-share", "0.5",
                                    "--threads", str(options.threads), "--precision", options.precision, "--runs", options.runs, "--name", name], stderr=errors)
        while process.poll() is None:
            time.sleep(0.5)
            if has_learnt(read_rows(folder)):
                process.send_signal(signal.SIGINT)
                process.wait()
                return None
        if process.returncode == 0:
            return None
        errors.seek(0)
        return (errors.read().strip().splitlines() or ["no message"])[-1]


def learnt(options, name):
    folder = options.runs / name
    rows = read_rows(folder)
    if len(rows) < options.epochs and not has_learnt(rows):
        shutil.rmtree(folder, ignore_errors=True)
        problem = train(options, name, folder)
        if problem:
            return None, 0, problem
        rows = read_rows(folder)
    accuracy = [float(row["train_accuracy"]) for row in rows]
    first = next((i + 1 for i, value in enumerate(accuracy) if value >= GOAL), None)
    return max(accuracy), sum(float(row["seconds"]) for row in rows), first


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--program", required=True)
    parser.add_argument("--runs", type=pathlib.Path, required=True)
    parser.add_argument("--arch", action="append", help="only these")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--limit", type=int, default=120, help="faces, half of them to learn from")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", default="f32", help="f32 or bf16, which is faster for large networks on some CPUs")
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    lines, failed = [], []
    for name in options.arch or classifiers(options.program):
        accuracy, seconds, first = learnt(options, name)
        if accuracy is None or accuracy < GOAL:
            failed.append(name)
        shown = first if accuracy is None else f"{100 * accuracy:.0f} % | {first or '–'} | {seconds:.0f} s"
        lines.append(f"| {name} | {shown} |")
        print(lines[-1], flush=True)
    if options.out:
        text = "| network | highest training accuracy | first epoch at 95 % | took |\n|---|---|---|---|\n" + "\n".join(lines) + "\n"
        part = options.out.with_suffix(".part")
        part.write_text(text)
        os.replace(part, options.out)
    if failed:
        sys.exit(f"below 95 %: {', '.join(failed)}")


if __name__ == "__main__":
    main()
