// node compare.js DUMP_OUTPUTS MODEL   feeds the same inputs to ONNX Runtime and to maskscope's engine and compares every output:
// |a - b| <= 1e-4 * max(1, largest |reference|). Exit code 77 (skipped) where ONNX Runtime is not installed.
'use strict';
const {execFileSync} = require('child_process');
const fs = require('fs');
const os = require('os');
const path = require('path');

let ort;
try {
  ort = require('onnxruntime-node');
} catch (error) {
  console.error('SKIPPED: onnxruntime-node is not installed (tools/onnxruntime installs it)');
  process.exit(77);
}

const kTolerance = 1e-4;

// A small generator so that every run feeds the same values.
function values(count, seed) {
  let state = seed >>> 0;
  return Float32Array.from({length: count}, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 4294967296) * 2 - 1;
  });
}

// Fixed sides as the model says; for symbolic ones several pictures' worth, one of them not a multiple of 32.
function shapes(session) {
  const dims = session.inputMetadata[0].shape;
  if (typeof dims[2] === 'number' && dims[2] > 0) return [1, 3].map((batch) => [batch, 3, dims[2], dims[3]]);
  return [[1, 3, 256, 320], [1, 3, 131, 97], [2, 3, 64, 96]];
}

async function main([dump, model]) {
  const session = await ort.InferenceSession.create(model);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'maskscope-parity-'));
  let failures = 0;
  for (const shape of shapes(session)) {
    // Detectors are fed pixels minus a mean, classifiers -1..1: a scale of 1 and of 100 covers both.
    for (const scale of [1, 100]) {
      const input = values(shape.reduce((a, b) => a * b, 1), 7).map((v) => v * scale);
      const file = path.join(folder, 'input.f32');
      fs.writeFileSync(file, Buffer.from(input.buffer));
      const expected = await session.run({[session.inputNames[0]]: new ort.Tensor('float32', input, shape)});
      execFileSync(dump, [model, shape.join('x'), file, folder], {stdio: 'inherit'});
      for (const name of session.outputNames) {
        const raw = fs.readFileSync(path.join(folder, `${name}.f32`));
        const ours = new Float32Array(raw.buffer, raw.byteOffset, raw.length / 4), theirs = expected[name].data;
        let worst = 0, largest = 1;
        for (let i = 0; i < theirs.length; ++i) {
          worst = Math.max(worst, Math.abs(ours[i] - theirs[i]));
          largest = Math.max(largest, Math.abs(theirs[i]));
        }
        const good = ours.length === theirs.length && worst <= kTolerance * largest;
        if (!good) ++failures;
        console.log(`${good ? 'ok  ' : 'FAIL'} ${path.basename(model)} ${shape.join('x')} scale ${scale} ${name}: ` +
                    `largest difference ${worst.toExponential(2)} of ${largest.toExponential(2)}`);
      }
    }
  }
  fs.rmSync(folder, {recursive: true});
  process.exit(failures ? 1 : 0);
}

main(process.argv.slice(2)).catch((error) => {
  console.error(`compare.js: ${error.message}`);
  process.exit(70);
});
