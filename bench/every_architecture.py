#!/usr/bin/env python3
"""Every classifier of the zoo learns a few faces by heart: a recorded run, from drawn weights.

    bench/every_architecture.py DATA --program build/dev/src/cli/maskscope --runs /tmp/learns --out docs/learns.md

Some 60 faces at 64 px, 40 epochs without augmentation (bench/overfit.yaml). A network whose gradients, statistics or shapes were wrong somewhere
would not reach 95 % of its own training faces; one that does can still be a poor choice for so little data. Runs that are there are not repeated.
Exit code 1 when one stays below 95 %.
"""
import argparse
import csv
import os
import pathlib
import subprocess
import sys


def classifiers(program):
    lines = subprocess.run([program, "model", "list"], capture_output=True, text=True, check=True).stdout.splitlines()
    return [line.split()[0] for line in lines if line.split()[1:2] == ["classifier"]]


def learnt(options, name):
    folder = options.runs / name
    if not (folder / "results.csv").exists() or sum(1 for _ in open(folder / "results.csv")) <= options.epochs:
        here = pathlib.Path(__file__).resolve().parent
        done = subprocess.run([options.program, "train", "classifier", "--recipe", here / "overfit.yaml", "--arch", name, "--data", options.data,
                               "--epochs", str(options.epochs), "--limit", str(options.limit), "--validation-share", "0.5", "--threads",
                               str(options.threads), "--runs", options.runs, "--name", name], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return None, 0, done.stderr.strip().splitlines()[-1]
    with open(folder / "results.csv", newline="") as text:
        rows = list(csv.DictReader(text))
    accuracy = [float(row["train_accuracy"]) for row in rows]
    first = next((i + 1 for i, value in enumerate(accuracy) if value >= 0.95), None)
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
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    lines, failed = [], []
    for name in options.arch or classifiers(options.program):
        accuracy, seconds, first = learnt(options, name)
        if accuracy is None or accuracy < 0.95:
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
