// node onnxruntime.js MODEL SHAPE INPUT.bin THREADS RUNS   prints milliseconds per run of ONNX Runtime as a JSON array.
'use strict';
const fs = require('fs');
const path = require('path');
const ort = require(path.join(__dirname, '../tests/onnxruntime/node_modules/onnxruntime-node'));

async function main([model, shapeText, inputFile, threads, runs]) {
  const session = await ort.InferenceSession.create(model, {
    intraOpNumThreads: Number(threads),
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
  });
  const bytes = fs.readFileSync(inputFile);
  const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const feeds = {[session.inputNames[0]]: new ort.Tensor('float32', values, shapeText.split('x').map(Number))};
  for (let i = 0; i < 10; ++i) await session.run(feeds);
  const times = [];
  for (let i = 0; i < Number(runs); ++i) {
    const start = process.hrtime.bigint();
    await session.run(feeds);
    times.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  console.log(JSON.stringify(times));
}

main(process.argv.slice(2)).catch((error) => {
  console.error(`onnxruntime.js: ${error.message}`);
  process.exit(70);
});
