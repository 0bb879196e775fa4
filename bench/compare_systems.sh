#!/usr/bin/env bash
# Systems side by side on the test rows of DATA (the table in the README): ours, published detectors with our classifier, AIZOO's
# one-stage network, and a YOLOv5n where RUNS holds its training.
#
#   bench/compare_systems.sh DATA WEIGHTS RUNS OUT        e.g. bench/compare_systems.sh ../data ../weights runs comparison
#
# WEIGHTS holds retinaface_mnet025/, mtcnn/, res10_ssd/ (safetensors), yunet/ and rivals/aizoo/ (ONNX); OUT becomes the report. MASKSCOPE names
# the program (default: ./run of this repository), MODELS where the weights go that are imported (default: a folder that is removed again).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[ $# -eq 4 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
data=$1 weights=$2 runs=$3 out=$4
maskscope() { "${MASKSCOPE:-$here/run}" "$@"; }
models=${MODELS:-$(mktemp -d)}
[ -n "${MODELS:-}" ] || trap 'rm -rf "$models"' EXIT
mkdir -p "$models/mtcnn"
import() { [ -e "$models/${*: -1}" ] || maskscope model import "$1" "${@:2:$#-2}" --out "$models/${*: -1}" >&2; }
# The published weights are those of upstream's first release, which had plain ReLUs.
import "$weights/retinaface_mnet025/retinaface_mnet025.safetensors" --arch retinaface --activation relu retinaface.onnx
for net in pnet rnet onet; do import "$weights/mtcnn/$net.safetensors" --arch "mtcnn_$net" "mtcnn/$net.onnx"; done
import "$weights/res10_ssd/res10_ssd.safetensors" --arch res10_ssd res10.onnx
import "$(ls "$weights"/yunet/*.onnx)" --decoding yunet yunet.onnx

systems=("maskscope=shipped" "small classifier=$here/models/face-detector.onnx,$here/models/mask-classifier-small.onnx"
         "one stage=$here/models/mask-onestage.onnx" "RetinaFace start + ours=$models/retinaface.onnx,shipped"
         "YuNet + ours=$models/yunet.onnx,shipped" "MTCNN + ours=$models/mtcnn,shipped" "res10 + ours=$models/res10.onnx,shipped"
         "AIZOO=$weights/rivals/aizoo/aizoo_facemask_260.onnx,$here/bench/records/aizoo.json")
yolo=$runs/yolov5n/weights/best.onnx
if [ -e "$yolo" ]; then systems+=("YOLOv5n=$yolo"); else echo "no $yolo: YOLOv5n is left out" >&2; fi
arguments=()
for system in "${systems[@]}"; do arguments+=(--system "$system"); done
maskscope compare --data "$data" "${arguments[@]}" --report "$out"
