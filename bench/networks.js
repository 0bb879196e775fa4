// node bench/networks.js [--precision auto] [--rounds 5] [--build build/dev]
// Times the shipped networks in maskscope's engine, ONNX Runtime and OpenCV dnn: one run, the same inputs, the three in turn for
// several rounds, each in a process of its own. Prints medians and ratios as a Markdown table.
'use strict';
const {execFileSync} = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');

const root = path.join(__dirname, '..');
const options = {precision: 'auto', rounds: '5', build: 'build/dev', models: 'models'};
for (let i = 2; i + 1 < process.argv.length; i += 2) options[process.argv[i].replace(/^--/, '')] = process.argv[i + 1];
const tool = (name) => path.join(root, options.build, 'bench', name);
const cases = [
  {name: 'mask-classifier', batch: 1, runs: 200},
  {name: 'mask-classifier', batch: 8, runs: 40},
  {name: 'face-detector', batch: 1, runs: 40},
];

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function times(program, args) {
  return JSON.parse(execFileSync(program, args.map(String), {stdio: ['ignore', 'pipe', 'ignore'], env: {...process.env, OMP_WAIT_POLICY: 'active'}}).toString());
}

// The input shape that stands for a model: its own size, or a 4:3 picture for a detector that takes any size.
function inputShape(model, batch) {
  const record = JSON.parse(execFileSync(path.join(root, options.build, 'src/cli/maskscope'), ['model', 'info', '--json', model]).toString()).record;
  const input = record.input;
  if (input.longest_side) {
    const up = (x) => Math.ceil(x / input.size_multiple) * input.size_multiple;
    return [batch, 3, up(input.longest_side * 0.75), up(input.longest_side)].join('x');
  }
  return [batch, 3, input.height, input.width].join('x');
}

function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'maskscope-bench-'));
  console.log('| network | input | threads | maskscope ms | ONNX Runtime ms | OpenCV dnn ms | against ONNX Runtime | against OpenCV dnn |');
  console.log('|---|---|---|---|---|---|---|---|');
  for (const {name, batch, runs} of cases) {
    const model = path.join(root, options.models, `${name}.onnx`);
    const shape = inputShape(model, batch);
    const prefix = path.join(folder, `${name}-${batch}`);
    execFileSync(tool('bench_network'), ['prepare', model, shape, prefix]);
    for (const threads of [1, 2]) {
      const all = {maskscope: [], onnxruntime: [], opencv: []};
      for (let round = 0; round < Number(options.rounds); ++round) {
        all.maskscope.push(...times(tool('bench_network'), ['time', model, shape, `${prefix}.bin`, threads, options.precision, runs]));
        all.onnxruntime.push(...times('node', [path.join(__dirname, 'onnxruntime.js'), model, shape, `${prefix}.bin`, threads, runs]));
        all.opencv.push(...times(tool('bench_opencv'), ['time', `${prefix}.onnx`, shape, `${prefix}.bin`, threads, Math.ceil(runs / 2)]));
      }
      const m = median(all.maskscope), o = median(all.onnxruntime), c = median(all.opencv);
      console.log(`| ${name} | ${shape} | ${threads} | ${m.toFixed(3)} | ${o.toFixed(3)} | ${c.toFixed(3)} | ${(o / m).toFixed(2)} | ${(c / m).toFixed(2)} |`);
    }
  }
  fs.rmSync(folder, {recursive: true});
}

main();
