/**
 * `npm run bench:pixels`: milliseconds of each loop over pixels at DeiT's sizes, as the plain definition and as a SIMD kernel, and of Pillow where
 * `PYTHON` names an interpreter that has it. Medians of runs in turns, on one thread.
 */
import { spawnSync } from "node:child_process";
import { plainKernels } from "#deit/data/pixels/plain.js";
import { simdKernels } from "#deit/data/pixels/simd.js";

const RUNS = 21;
/** Calls of a fast loop in a run. */
const CALLS = 10;
const SIDE = 224;
/** Of a crop with the mean area of random resized crops of a photograph of 500 × 375. */
const CROP = { left: 60, top: 45, width: 367, height: 276 };
const PHOTOGRAPH = { width: 500, height: 375, channels: 3 };

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Waves with some noise, so that there are edges, slopes and all values. */
function drawn({ width, height, channels }) {
  let state = 1;
  const noise = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  const data = Uint8Array.from({ length: width * height * channels }, (_, i) => {
    const [x, y] = [Math.floor(i / channels) % width, Math.floor(i / channels / width)];
    return 127 + 100 * Math.sin(x / 9 + (i % channels)) * Math.cos(y / 17) + 20 * noise();
  });
  return { data, width, height, channels };
}

const photograph = drawn(PHOTOGRAPH);
const square = { width: SIDE, height: SIDE };
const whole = { left: 0, top: 0, ...square };
const view = plainKernels.resize(photograph, CROP, square, whole);
const grey = plainKernels.grey(view);
const tables = Uint8Array.from({ length: 3 * 256 }, (_, i) => 255 - (i % 256));
const out = new Uint8Array(view.data.length);
const fill = [124, 116, 104];
const [cos, sin] = [Math.cos((27 / 180) * Math.PI), Math.sin((27 / 180) * Math.PI)];
const [middle, shear] = [SIDE / 2, 0.27];
const rotation = [cos, sin, middle * (1 - cos - sin), -sin, cos, middle * (1 + sin - cos)];

const loops = {
  "crop and resize": (kernels) => kernels.resize(photograph, CROP, square, whole),
  "affine: rotation": (kernels) => kernels.affine(view, rotation, fill),
  "affine: shear": (kernels) => kernels.affine(view, [1, shear, 0, 0, 1, 0], fill),
  "affine: translation": (kernels) => kernels.affine(view, [1, 0, 90.72, 0, 1, 0], fill),
  lookUp: (kernels) => kernels.lookUp(view, tables),
  blend: (kernels) => kernels.blend(grey, view, 1.81),
  grey: (kernels) => kernels.grey(view),
  smooth: (kernels) => kernels.smooth(view),
  histogram: (kernels) => kernels.histogram(view),
  flip: (kernels) => kernels.flip(view),
  planes: (kernels) => kernels.planes(view, out),
};

/** Milliseconds of Pillow by loop; none without it. */
function pillow() {
  const { PYTHON } = process.env;
  if (PYTHON === undefined) return {};
  const input = JSON.stringify({ crop: CROP, side: SIDE, photograph: PHOTOGRAPH, rotation, shear, runs: RUNS, calls: CALLS });
  const { status, stdout, stderr } = spawnSync(PYTHON, ["bench/pixels/pillow.py"], { input, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const implementations = { plain: [plainKernels, 1], simd: [simdKernels(), CALLS] };
const times = {};
for (let run = 0; run < RUNS; run++)
  for (const [loop, call] of Object.entries(loops))
    for (const [name, [kernels, calls]] of Object.entries(implementations)) {
      const start = performance.now();
      for (let i = 0; i < calls; i++) call(kernels);
      ((times[loop] ??= {})[name] ??= []).push((performance.now() - start) / calls);
    }

const peer = pillow();
console.table(
  Object.entries(times).map(([loop, { plain, simd }]) => {
    const [slow, fast] = [median(plain), median(simd)];
    const row = { loop, "plain ms": slow.toFixed(2), "SIMD ms": fast.toFixed(3), ratio: (slow / fast).toFixed(1) };
    return loop in peer ? { ...row, "Pillow ms": peer[loop].toFixed(3), "Pillow ratio": (peer[loop] / fast).toFixed(1) } : row;
  }),
);
