#!/usr/bin/env bash
# Builds a training set for both models from raw labelled sets: gather, check, drop what is too blurred, find copies, deal
# out train and validation (what is test stays test), draw masks on bare faces, put it all together, count and show it.
#
#   examples/training_set.sh DATA OUT
#
# DATA holds scenes/ and faces/ with a splits.csv each, or is a manifest or a set in any annotation format (docs/formats.md). OUT gets set.jsonl, which `maskscope train --data`
# takes, and the reports. The same DATA gives the same set: the hash of its content is printed at the end (that of the file
# set.jsonl as well, which knows the paths, so it is the same for the same OUT only).
# MASKSCOPE names the program (default: ./run of this repository).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[ $# -eq 2 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }
data=$1 out=$2
maskscope() { "${MASKSCOPE:-$here/run}" data "$@"; }
mkdir -p "$out"

echo "1. gather" >&2
maskscope merge "$out/1-gathered.jsonl" "$data" --name training-set
echo "2. check" >&2
maskscope check "$out/1-gathered.jsonl" --report "$out/check.md" --json "$out/check.json"
echo "3. leave out what is too blurred or dark to judge (never test rows; docs/prepare.md says why 60)" >&2
maskscope clean "$out/1-gathered.jsonl" "$out/2-clean.jsonl" --least-sharpness 60 >"$out/sharpness.txt"
echo "4. copies and series" >&2
maskscope duplicates "$out/2-clean.jsonl" --cache "$out/prints" --json "$out/duplicates.json" >"$out/duplicates.txt"
echo "5. deal out" >&2
maskscope split "$out/2-clean.jsonl" "$out/3-split.jsonl" --shares train=0.9,validation=0.1 --seed 1 --cache "$out/prints"
maskscope check "$out/3-split.jsonl" --no-decode --leaks --cache "$out/prints" --report "$out/leaks.md"
echo "6. masks and other things drawn on bare faces of train" >&2
rm -rf "$out/drawn"
maskscope synthesise "$out/3-split.jsonl" "$out/drawn" --set chandrikadeb7 --set ilc2021 --set kaggle853 --count 2500 --seed 2026 \
  --sheet "$out/drawn.jpg"
echo "7. together" >&2
maskscope merge "$out/set.jsonl" "$out/3-split.jsonl" "$out/drawn/manifest.jsonl" --name training-set
maskscope show "$out/set.jsonl" --out "$out/look"
maskscope stats "$out/set.jsonl" --report "$out/stats.md" --json "$out/stats.json"
sha256sum "$out/set.jsonl"
