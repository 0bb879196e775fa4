#!/usr/bin/env python3
"""The table of all trained models: what each scores on the test rows, what it weighs, how long it takes.

    bench/models_table.py DATA bench/models.json --program build/dev/src/cli/maskscope --out docs/models.md

models.json lists the rows: {"name", "detector" and/or "classifier" (model files, relative to --models), "run" (the training's folder, relative to
--models, for its time), "note"}. A row with a classifier alone is measured behind the shipped detector, a detector with states alone; a row whose
files are not there is left out and said so. `maskscope eval scenes` and `eval crops` give the scores, `model bench` (one thread) the times,
`model info` the rest. The answers are kept in DIR/*.json beside the table when --keep DIR is given, and used again where they are there.
"""
import argparse
import csv
import json
import os
import pathlib
import subprocess
import sys


def run(program, *arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, (program, *arguments)))}\n{done.stderr.strip()[-800:]}")
    return done.stdout


def kept(keep, name, make):
    path = keep / f"{name}.json" if keep else None
    if path and path.exists():
        return json.loads(path.read_text())
    value = make()
    if path:
        part = path.with_suffix(".part")
        part.write_text(json.dumps(value, indent=1))
        os.replace(part, path)
    return value


def evaluated(program, kind, data, options, folder, name):
    out = folder / f"{name}.{kind}.eval.json"
    run(program, "eval", kind, "--quiet", "--data", data, *options, "--json", out)
    answer = json.loads(out.read_text())
    out.unlink()
    return {one["set"]: one for one in answer["sets"]}


def milliseconds(program, model, precision):
    answer = json.loads(run(program, "model", "bench", model, "--threads", "1", "--runs", "60", "--precision", precision, "--json"))
    return answer["results"][0]["median_ms"]


def training_minutes(folder):
    table = folder / "results.csv"
    if not table.exists():
        return None
    with open(table, newline="") as text:
        return sum(float(row["seconds"]) for row in csv.DictReader(text)) / 60


def measure(row, models, data, program, folder):
    detector, classifier = row.get("detector"), row.get("classifier")
    options = []
    if detector:
        options += ["--detector", models / detector]
    if classifier:
        options += ["--classifier", models / classifier]
    model = models / (classifier or detector)
    info = json.loads(run(program, "model", "info", model, "--json"))
    result = {
        "scenes": evaluated(program, "scenes", data, options, folder, row["name"]),
        "crops": evaluated(program, "crops", data, ["--classifier", models / classifier], folder, row["name"]) if classifier else None,
        "bytes": model.stat().st_size,
        "info": info,
        "ms": {precision: milliseconds(program, model, precision) for precision in ("f32", "bf16")},
    }
    if "run" in row:
        result["minutes"] = training_minutes(models / row["run"])
    return result


def percent(value):
    if isinstance(value, dict):
        value = value.get("value")
    return "–" if value is None else f"{100 * value:.1f}"


def line(row, result):
    pooled, ilc = result["scenes"]["pooled"], result["scenes"].get("ilc2021")
    f1, ap = pooled["f1"], pooled["state_ap50"]
    crops = result["crops"]["pooled"] if result["crops"] else None
    numbers = [
        percent(pooled["right"]), percent(pooled["state_accuracy"]), *(percent(f1[s]) for s in ("correct", "incorrect", "none")),
        percent(ilc["f1_large"]["incorrect"]) if ilc else "–",
        percent(pooled["mask_ap50"]), percent(pooled["no_mask_ap50"]), percent(ap["incorrect"]),
        percent(crops["two_class_accuracy"]) if crops else "–",
    ]
    parameters = result["info"]["parameters"]
    minutes = result.get("minutes")
    return [row["name"], *numbers, f"{parameters / 1e6:.2f} M", f"{result['bytes'] / 1e6:.1f} MB",
            f"{result['ms']['f32']:.2f} / {result['ms']['bf16']:.2f}", "–" if minutes is None else f"{minutes:.0f} min", row.get("note", "")]


HEAD = ["model", "right over all", "state right", "F1 c", "F1 i", "F1 n", "F1 incorrect, ILC ≥ 48 px", "AP mask", "AP no mask",
        "AP incorrect", "crops, two classes", "parameters", "file", "ms f32 / bf16", "trained for", ""]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("list", type=pathlib.Path)
    parser.add_argument("--program", required=True)
    parser.add_argument("--models", type=pathlib.Path, default=pathlib.Path("."))
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    folder = options.keep or options.out.parent
    rows = []
    for row in json.loads(options.list.read_text()):
        missing = [row[key] for key in ("detector", "classifier") if key in row and not (options.models / row[key]).exists()]
        if missing:
            print(f"left out: {row['name']} ({', '.join(missing)} is not there)", file=sys.stderr)
            continue
        print(row["name"], file=sys.stderr)
        rows.append(line(row, kept(options.keep, row["name"], lambda row=row: measure(row, options.models, options.data, options.program, folder))))
    text = "| " + " | ".join(HEAD) + " |\n|" + "---|" * len(HEAD) + "\n"
    text += "".join("| " + " | ".join(cells) + " |\n" for cells in rows)
    old = options.out.read_text() if options.out.exists() else "<!-- table -->\n<!-- /table -->\n"
    begin, end = old.index("<!-- table -->"), old.index("<!-- /table -->")
    part = options.out.with_suffix(".part")
    part.write_text(old[:begin] + "<!-- table -->\n" + text + old[end:])
    os.replace(part, options.out)


if __name__ == "__main__":
    main()
