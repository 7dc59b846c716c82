const BASE = 1e-3;
const MIN = 1e-5;
const WARMUP = 1e-6;

/**
 * The learning rate of epoch t: a linear warm-up from WARMUP to BASE, then a cosine down to MIN, then MIN. Each input is an array of one number.
 * At present the cosine begins where the warm-up ends.
 */
export function forward(inputs) {
  const [t, W, E] = ["t", "warmupEpochs", "epochs"].map((name) => inputs[name].data[0]);
  const rate = t < W ? WARMUP + (t * (BASE - WARMUP)) / W : MIN + 0.5 * (BASE - MIN) * (1 + Math.cos((Math.PI * (t - W)) / (E - W)));
  return { shape: [], data: [rate] };
}
