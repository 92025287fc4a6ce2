// TensorFlow.js, Teachable Machine's engine, in Node: node tfjs.cjs BACKEND (cpu or wasm).
// Answers the same lines of JSON as worker.py.
"use strict";

const began = performance.now();
const fs = require("fs");
const path = require("path");
const readline = require("readline");
const tf = require("@tensorflow/tfjs");
const backend = process.argv[2];
if (backend === "wasm") {
  const wasm = require("@tensorflow/tfjs-backend-wasm");
  wasm.setWasmPaths(path.dirname(require.resolve("@tensorflow/tfjs-backend-wasm")) + path.sep);
}

const INPUTS = 4; // as material.py
let model = null;

/** A float32 .npy file: {shape, values}. */
function readArray(file) {
  const bytes = fs.readFileSync(file);
  const length = bytes.readUInt16LE(8);
  const header = bytes.toString("latin1", 10, 10 + length);
  const shape = header.match(/'shape': \(([^)]*)\)/)[1].split(",").filter((s) => s.trim()).map(Number);
  const from = bytes.byteOffset + 10 + length;
  return { shape, values: new Float32Array(bytes.buffer.slice(from, bytes.byteOffset + bytes.length)) };
}

/** Quartiles, least and count of milliseconds, as clock.py. */
function timing(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share) => {
    const place = share * (sorted.length - 1);
    const low = Math.floor(place);
    const high = Math.ceil(place);
    return sorted[low] + (sorted[high] - sorted[low]) * (place - low);
  };
  return { low: at(0.25), median: at(0.5), high: at(0.75), least: sorted[0], count: sorted.length };
}

function memory() {
  const line = (file, name) => {
    const found = fs.readFileSync(file, "utf8").match(new RegExp(`^${name}:\\s+(\\d+)`, "m"));
    return Number(found[1]) / 1024;
  };
  return { pss_mb: line("/proc/self/smaps_rollup", "Pss"), peak_mb: line("/proc/self/status", "VmHWM") };
}

/** One network's variables, its step and its answer. */
class Model {
  constructor(request) {
    this.layers = request.network.layers;
    this.weights = [];
    this.learning = [];
    let index = 0;
    for (const layer of this.layers) {
      if (layer.kind === "max_pool") continue;
      for (let part = 0; part < 2; part++) {
        const { shape, values } = readArray(path.join(request.material, `w${index++}.npy`));
        const variable = tf.variable(tf.tensor(values, shape), !layer.frozen);
        this.weights.push(variable);
        if (!layer.frozen) this.learning.push(variable);
      }
    }
    const { beta_1, beta_2, epsilon } = request.adam;
    this.optimizer =
      request.optimiser === "sgd"
        ? tf.train.sgd(request.rate)
        : tf.train.adam(request.rate, beta_1, beta_2, epsilon);
    const x = readArray(path.join(request.material, "x.npy"));
    const y = readArray(path.join(request.material, "y.npy"));
    const part = (array, k) => {
      const size = array.values.length / array.shape[0];
      return array.values.slice(k * size, (k + 1) * size);
    };
    this.xShape = x.shape.slice(1);
    this.yShape = y.shape.slice(1);
    this.batches = [];
    for (let k = 0; k < y.shape[0]; k++) this.batches.push([part(x, k % INPUTS), part(y, k)]);
  }

  logits(x) {
    let index = 0;
    for (const layer of this.layers) {
      if (layer.kind === "max_pool") {
        x = tf.maxPool(x, layer.size, layer.size, "valid");
        continue;
      }
      const w = this.weights[index++];
      const b = this.weights[index++];
      if (layer.kind === "conv") {
        x = tf.relu(tf.add(tf.conv2d(x, w, layer.stride, layer.padding), b));
        continue;
      }
      x = tf.add(tf.matMul(x.reshape([-1, w.shape[0]]), w), b);
      if (layer.relu) x = tf.relu(x);
    }
    return x;
  }

  train([x, y]) {
    return tf.tidy(() => {
      const inputs = tf.tensor(x, this.xShape);
      const labels = tf.tensor(y, this.yShape);
      const loss = () => tf.losses.softmaxCrossEntropy(labels, this.logits(inputs));
      return this.optimizer.minimize(loss, true, this.learning).dataSync()[0];
    });
  }

  infer([x]) {
    return tf.tidy(() => this.logits(tf.tensor(x, this.xShape)).dataSync());
  }

  dispose() {
    this.weights.forEach((weight) => weight.dispose());
    this.optimizer.dispose();
  }
}

/** As Clock.time in clock.py. */
function clocked(call, seconds) {
  const times = [];
  const start = performance.now();
  const warm = start + (seconds * 1000) / 5;
  const end = start + seconds * 1000;
  let turn = 0;
  do call(model.batches[turn++ % model.batches.length]);
  while (performance.now() < warm);
  for (;;) {
    const batch = model.batches[turn++ % model.batches.length];
    const before = performance.now();
    call(batch);
    const after = performance.now();
    times.push(after - before);
    if (after >= end) return timing(times);
  }
}

const requests = {
  open(request) {
    requests.close();
    const start = performance.now();
    model = new Model(request);
    return { load_s: (performance.now() - start) / 1000 };
  },
  check(request) {
    const flat = model.infer(model.batches[0]);
    const classes = model.yShape[1];
    const answers = [];
    for (let row = 0; row < Math.min(request.rows, model.yShape[0]); row++) {
      answers.push(Array.from(flat.slice(row * classes, (row + 1) * classes)));
    }
    const start = performance.now();
    model.infer(model.batches[0]);
    const found = { answers, infer_ms: performance.now() - start, losses: [] };
    const times = [];
    let spent = 0;
    try {
      for (const batch of model.batches.slice(0, request.steps)) {
        const before = performance.now();
        found.losses.push(model.train(batch));
        times.push(performance.now() - before);
        if (times.length > 1) spent += times[times.length - 1];
        if (spent / 1000 > request.seconds) break;
      }
    } catch (error) {
      return { ...found, losses: [], train_error: String(error.message).split("\n")[0].slice(0, 160) };
    }
    return { ...found, first_step_s: times[0] / 1000, steps: timing(times.slice(1)) };
  },
  train: (request) => clocked((batch) => model.train(batch), request.seconds),
  infer: (request) => clocked((batch) => model.infer(batch), request.seconds),
  memory,
  close() {
    if (model) model.dispose();
    model = null;
    return {};
  },
};

async function main() {
  await tf.setBackend(backend);
  await tf.ready();
  if (tf.getBackend() !== backend) throw new Error(`no backend ${backend}`);
  const hello = {
    engine: `tfjs_${backend}`,
    version: `TensorFlow.js ${tf.version.tfjs}`,
    import_s: (performance.now() - began) / 1000,
    memory: memory(),
  };
  process.stdout.write(JSON.stringify(hello) + "\n");
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    let answer;
    try {
      answer = requests[request.do](request);
    } catch (error) {
      answer = { error: String(error.message).split("\n")[0].slice(0, 300) };
    }
    process.stdout.write(JSON.stringify(answer) + "\n");
  }
}

main().catch((error) => {
  process.stdout.write(JSON.stringify({ error: String(error.message) }) + "\n");
});
