// node bench/pipeline.js PICTURE_LIST.txt [--rounds 5] [--build build/dev] [--program build/release/src/cli/maskscope] [--threads 2]
// The program is the runtime as ./run builds it: one with training in it loads libtorch at every start.
// Times the whole main job from files (decode, find faces, classify, write JSON lines) against the same job put together from
// OpenCV's imread, resize and dnn with the same models, and against only decoding the files. The three in turn, for
// several rounds, whole processes; medians. Also peak memory and the time from start to the first result.
'use strict';
const {spawnSync} = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');

const root = path.join(__dirname, '..');
const list = process.argv[2];
const options = {rounds: '5', build: 'build/dev', program: 'build/release/src/cli/maskscope', threads: '2', models: 'models'};
for (let i = 3; i + 1 < process.argv.length; i += 2) options[process.argv[i].replace(/^--/, '')] = process.argv[i + 1];
const files = fs.readFileSync(list, 'utf8').split('\n').filter((line) => line);
const tool = (name) => path.join(root, options.build, name);
const models = ['face-detector', 'mask-classifier'].map((name) => path.join(root, options.models, `${name}.onnx`));
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'maskscope-bench-'));

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function run(program, args) {
  const start = process.hrtime.bigint();
  const result = spawnSync(program, args, {maxBuffer: 1 << 28});
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (result.status !== 0) throw new Error(`${program} ended with ${result.status}: ${result.stderr}`);
  return {seconds, stdout: result.stdout.toString(), stderr: result.stderr.toString()};
}

const detectArgs = (pictures) => ['detect', '--quiet', '--threads', options.threads, '--detector', models[0], '--classifier', models[1],
  '--json', path.join(scratch, 'out.jsonl'), '--list', pictures];

// Peak resident memory of a whole run, in MiB, as the system counts it.
function peakMemory(args) {
  const script = 'ulimit -c 0; "$@" >/dev/null 2>&1 & pid=$!; peak=0; while kill -0 $pid 2>/dev/null; do ' +
    'p=$(grep VmHWM /proc/$pid/status 2>/dev/null | tr -dc 0-9); [ -n "$p" ] && peak=$p; sleep 0.02; done; echo $peak';
  return Number(run('bash', ['-c', script, 'bash', path.join(root, options.program), ...args]).stdout) / 1024;
}

const times = {maskscope: [], opencv: [], decode: [], first: []};
const one = path.join(scratch, 'one.txt');
fs.writeFileSync(one, files[0] + '\n');
for (let round = 0; round < Number(options.rounds); ++round) {
  times.maskscope.push(run(path.join(root, options.program), detectArgs(list)).seconds);
  times.opencv.push(run(tool('bench/bench_opencv'), ['pipeline', ...models, options.threads, ...files]).seconds);
  times.decode.push(run(tool('bench/bench_decode'), [options.threads, ...files]).seconds);
  times.first.push(run(path.join(root, options.program), detectArgs(one)).seconds);
}
const m = median(times.maskscope), o = median(times.opencv), d = median(times.decode);
console.log(`pictures                      ${files.length}, ${options.threads} threads, ${options.rounds} rounds, medians of whole processes`);
console.log(`maskscope detect              ${m.toFixed(2)} s, ${(files.length / m).toFixed(1)} pictures/s`);
console.log(`imread + resize + OpenCV dnn  ${o.toFixed(2)} s, ${(files.length / o).toFixed(1)} pictures/s: ${(o / m).toFixed(2)} times maskscope's time`);
console.log(`decoding alone                ${d.toFixed(2)} s, ${(files.length / d).toFixed(1)} pictures/s: detect takes ${(m / d).toFixed(2)} times as long`);
console.log(`start to first result         ${median(times.first).toFixed(3)} s (one picture, process start included)`);
console.log(`peak memory                   ${peakMemory(detectArgs(list)).toFixed(0)} MiB`);
fs.rmSync(scratch, {recursive: true});
