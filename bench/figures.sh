#!/usr/bin/env bash
# Draws the figures of docs/figures.md anew: plots of the shipped models on the test rows of DATA, what they look like inside, and the curves of
# the four backbones where RUNS holds their trainings (bench/train_all.sh). No photo goes into docs: faces shown are painted (`maskscope demo`).
#
#   bench/figures.sh DATA RUNS OUT [COMPARISON]        e.g. bench/figures.sh ../data runs docs/figures comparison
#
# COMPARISON is a report of bench/compare_systems.sh, for the figures of several systems. MASKSCOPE names the program (default: ./run of this
# repository).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[ $# -eq 3 ] || [ $# -eq 4 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
data=$1 runs=$2 out=$3 comparison=${4:-}
maskscope() { "${MASKSCOPE:-$here/run}" "$@"; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

maskscope eval scenes --data "$data" --report "$work/report" >/dev/null
for plot in confusion_counts confusion_rows precision_recall_face precision_recall_mask precision_recall_states thresholds reliability \
            by_face_height by_occluder running_accuracy; do
  [ ! -e "$work/report/plots/$plot.svg" ] || cp "$work/report/plots/$plot.svg" "$work/report/plots/$plot.csv" "$out"
done
maskscope eval corrupt --data "$data" --report "$work/corrupt" >/dev/null
cp "$work"/corrupt/plots/robustness.* "$out"
if [ -n "$comparison" ]; then
  for kind in svg csv; do
    cp "$comparison/plots/running_accuracy.$kind" "$out/systems_running_accuracy.$kind"
    cp "$comparison/plots/precision_recall_face.$kind" "$out/systems_precision_recall.$kind"
  done
fi
maskscope explain network "$here/models/mask-classifier.onnx" --out "$out/mask-classifier.svg" >/dev/null
maskscope explain network --arch resnet50 --classes 3 --out "$out/resnet50.svg" >/dev/null

maskscope demo --seed 3 --people 6 --out "$work/demo" >/dev/null
maskscope explain faces "$work/demo/portrait.png" --out "$work/faces" >/dev/null
cp "$work"/faces/maps/0001-*.jpg "$out/gradcam-painted.jpg"
# One face that fills the picture: a classifier takes it whole.
maskscope demo --seed 3 --people 1 --width 400 --height 400 --out "$work/one" >/dev/null
maskscope explain features "$here/models/mask-classifier.onnx" "$work/one/portrait.png" --layer block6.add --out "$work/inside" >/dev/null
cp "$work/inside/filters.png" "$out/filters.png"
cp "$work/inside/features-block6.add.png" "$out/feature-maps.png"

for run in b-mobilenet-v1-imagenet b-mobilenet-v2-imagenet b-mobilenet-v1 b-mobilenet-v2 b-resnet50 b-resnet50v2; do
  [ ! -e "$runs/$run/results.svg" ] || cp "$runs/$run/results.svg" "$out/$run.svg"
done
backbones=("$runs/b-mobilenet-v1" "$runs/b-mobilenet-v2" "$runs/b-resnet50" "$runs/b-resnet50v2")
if [ -e "$runs/b-resnet50v2/results.csv" ]; then
  maskscope train compare "${backbones[@]}" --out "$work/backbones" >/dev/null
  cp "$work/backbones/curves.svg" "$out/backbones.svg"
fi
