#!/usr/bin/env python3
"""Pictures a second while learning: maskscope against the same training step in PyTorch, in turns on the same faces.

    maskscope data crops DATA crops --margin 1.5 --least-side 20 --size 160
    bench/training.py crops --program build/dev/src/cli/maskscope

Both train torchvision's MobileNetV2 (3 classes) at 128 px, batches of 64, AdamW, averaged weights, in float32 on the same number of threads plus one that
prepares batches. Both decode the crops' JPEG files and augment them: PyTorch with torchvision's transforms (random resized crop, rotation, flip,
colour jitter) in a DataLoader of one worker, every epoch anew; maskscope with its own, heavier augmentation, decoding once. Time counts from the
start of the process's data to the end of its last step: decoding is in it, validation is not. Needs python3-torchvision.
"""
import argparse
import csv
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

TORCH = r"""
import sys, time, copy, torch, torchvision
from torchvision import transforms as T
folder, threads, epochs, draws = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
torch.set_num_threads(threads)
torch.manual_seed(1)
begin = time.perf_counter()
augment = T.Compose([T.RandomRotation(20), T.RandomResizedCrop(128, (0.6, 1.0)), T.RandomHorizontalFlip(),
                     T.ColorJitter(0.3, 0.3, 0.3, 0.05), T.ToTensor(), T.Normalize((0.5,) * 3, (0.5,) * 3)])
data = torchvision.datasets.ImageFolder(folder, augment)
sampler = torch.utils.data.RandomSampler(data, replacement=True, num_samples=draws)
loader = torch.utils.data.DataLoader(data, 64, sampler=sampler, num_workers=1, drop_last=True, persistent_workers=True)
net = torchvision.models.mobilenet_v2(num_classes=3).to(memory_format=torch.channels_last)
average = copy.deepcopy(net)
optimizer = torch.optim.AdamW(net.parameters(), 1e-3)
seen = 0
for epoch in range(epochs):
    for x, y in loader:
        loss = torch.nn.functional.cross_entropy(net(x.contiguous(memory_format=torch.channels_last)), y, label_smoothing=0.05)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for a, p in zip(average.parameters(), net.parameters()):
                a.lerp_(p, 0.002)
        seen += len(y)
print(seen, time.perf_counter() - begin)
"""


def torch_rate(args, faces):
    out = subprocess.run(["/usr/bin/python3", "-c", TORCH, faces, str(args.threads), str(args.epochs), str(args.draws)],
                         check=True, capture_output=True, text=True).stdout.split()
    return int(out[0]) / float(out[1])


def our_rate(args, manifest):
    with tempfile.TemporaryDirectory() as runs:
        begin = time.perf_counter()
        subprocess.run([args.program, "train", "classifier", "--data", manifest, "--runs", runs, "--name", "bench", "--size", "128", "--arch", "mobilenet_v2_torchvision",
                        "--epochs", str(args.epochs), "--draws", str(args.draws), "--threads", str(args.threads), "--quiet"], check=True)
        whole = time.perf_counter() - begin
        with open(pathlib.Path(runs) / "bench" / "results.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        learning = sum(float(row["seconds"]) for row in rows)
        seen = sum(float(row["seconds"]) * float(row["pictures_per_second"]) for row in rows)
        # What is not learning is validation, once an epoch, and before it: decoding, which counts.
        return seen / learning, seen / whole


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("crops", help="folder from 'maskscope data crops'")
    parser.add_argument("--program", required=True, help="maskscope with training")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--draws", type=int, default=3200, help="pictures in an epoch")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    crops = pathlib.Path(args.crops)
    with tempfile.TemporaryDirectory() as folder:
        for state in ("correct", "incorrect", "none"):
            (pathlib.Path(folder) / state).symlink_to((crops / state).resolve())
        rates = {"torch": [], "maskscope, learning": [], "maskscope, whole run": []}
        for turn in range(args.rounds):
            rates["torch"].append(torch_rate(args, folder))
            learning, whole = our_rate(args, str(crops / "crops.jsonl"))
            rates["maskscope, learning"].append(learning)
            rates["maskscope, whole run"].append(whole)
            print(f"round {turn + 1}: " + ", ".join(f"{name} {values[-1]:.1f}/s" for name, values in rates.items()), file=sys.stderr)
    medians = {name: statistics.median(values) for name, values in rates.items()}
    print(json.dumps({"threads": args.threads, "pictures_per_second": medians,
                      "ratio": {name: medians[name] / medians["torch"] for name in medians if name != "torch"}}, indent=2))


if __name__ == "__main__":
    main()
