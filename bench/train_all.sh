#!/usr/bin/env bash
# Trains what the table of models compares (docs/models.md), one after the other, each with the same number of pictures.
#
#   bench/train_all.sh DATA WEIGHTS
#
# DATA: what `maskscope train --data` takes. WEIGHTS: folder with the ImageNet backbones mobilenet_v1_1.0 and mobilenet_v2_1.0.
# Runs go to runs/ of the current folder; one that is finished is not repeated. MASKSCOPE names the program (default: ./run of this
# repository), DRAWS and EPOCHS how much is learnt (default: 6 epochs of 2560 faces: about an hour on one core, mostly the two ResNet-50).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[ $# -eq 2 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
data=$1 weights=$2
maskscope() { "${MASKSCOPE:-$here/run}" "$@"; }
train() {
  local name=$1
  shift
  [ -e "runs/$name/.done" ] && return
  maskscope train classifier "$@" --data "$data" --draws "${DRAWS:-2560}" --epochs "${EPOCHS:-6}" --threads 1 --seed 1 --name "$name"
  touch "runs/$name/.done"
}
[ -e mobilenet_v1.onnx ] || maskscope model import "$weights/mobilenet_v1_1.0/mobilenet_v1_1.0.safetensors" --arch mobilenet_v1 \
  --classes correct,incorrect,none --new-head --size 96 --licence Apache-2.0 --out mobilenet_v1.onnx
v2=$weights/mobilenet_v2_1.0/mobilenet_v2_1.0.safetensors
recipes=$here/recipes
train b-mobilenet-v1-imagenet --recipe "$recipes/b-mobilenet-v1.yaml" --init mobilenet_v1.onnx
train b-mobilenet-v2-imagenet --recipe "$recipes/b-mobilenet-v2.yaml" --init "$v2"
# From drawn weights so few faces teach nothing in batches of 64: small batches take four times as many steps. Mixed precision makes the ResNets
# 1.65 times as fast on a core of an AMD Zen 4, the MobileNets, which wait for memory, not.
for recipe in b-mobilenet-v1 b-mobilenet-v2; do train "$recipe" --recipe "$recipes/$recipe.yaml" --batch 16; done
for recipe in b-resnet50 b-resnet50v2; do train "$recipe" --recipe "$recipes/$recipe.yaml" --batch 16 --precision bf16; done
train a-resnet18 --recipe "$recipes/a-resnet18.yaml" --size 96 --batch 16 --precision bf16
train c-resnet34 --recipe "$recipes/c-resnet34.yaml" --size 64,96 --batch 16 --precision bf16
train d-mobilenet-v2-frozen --recipe "$recipes/d-mobilenet-v2-frozen.yaml" --init "$v2" --size 96
