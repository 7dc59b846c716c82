/** Cross-entropy against a distribution, mean over the batch (E19), and its vector–Jacobian product (G4). f32. */
import { exp } from "./math";
import { dot, total } from "./reduce";
import { logSoftmax } from "./softmax";

const BYTES: usize = 4;
const LANES: i32 = 4;

/** ℓ(z) [rows, n], and the loss −(1/rows) Σ q ⊙ ℓ(z); each row is summed first, then the sums of the rows. */
export function crossEntropy(loss: usize, logProbs: usize, z: usize, q: usize, rows: i32, n: i32): void {
  logSoftmax(logProbs, z, rows, n);
  let sum: f32 = 0;
  const row = <usize>n * BYTES;
  for (let r: usize = 0; r < <usize>rows; r++) sum += dot(q + r * row, logProbs + r * row, n);
  store<f32>(loss, -sum / <f32>rows);
}

/** z̄ = (σ(z)·⟨q, 1⟩ − q)/rows · L̄, with σ(z) = e^ℓ; L̄ is a scalar. */
export function crossEntropyVjp(dz: usize, logProbs: usize, q: usize, dLoss: usize, rows: i32, n: i32): void {
  const factor = load<f32>(dLoss) / <f32>rows, f = f32x4.splat(factor);
  for (; rows > 0; rows--) {
    const mass = total(q, n), m = f32x4.splat(mass);
    let at: usize = 0, j = 0;
    for (; j + LANES <= n; j += LANES) {
      v128.store(dz + at, f32x4.mul(f32x4.sub(f32x4.mul(exp(v128.load(logProbs + at)), m), v128.load(q + at)), f));
      at += 16;
    }
    for (; j < n; j++) {
      const p = f32x4.extract_lane(exp(v128.load32_splat(logProbs + at)), 0);
      store<f32>(dz + at, (p * mass - load<f32>(q + at)) * factor);
      at += BYTES;
    }
    dz += at, logProbs += at, q += at;
  }
}
