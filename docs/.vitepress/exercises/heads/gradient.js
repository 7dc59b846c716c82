/** ȳ W for one row ȳ; W is [K, D]. */
const back = (dy, { shape: [, D], data }) => Array.from({ length: D }, (_, j) => dy.reduce((sum, d, k) => sum + d * data[k * D + j], 0));
const zeros = ({ shape, data }) => ({ shape, data: new Float64Array(data.length) });

/**
 * The gradients of the mean of both heads' logits; dOut is [B, K], z is [B, T, D].
 * At present each head's gradient goes to all tokens, as if it had read their sum.
 */
export function vjp({ z, Wc, bc, Wd, bd }, dOut) {
  const [B, T, D] = z.shape;
  const K = bc.shape[0];
  const d = { z: zeros(z), Wc: zeros(Wc), bc: zeros(bc), Wd: zeros(Wd), bd: zeros(bd) };
  for (let b = 0; b < B; b++) {
    const dy = Array.from(dOut.data.slice(b * K, (b + 1) * K)).map((g) => g / 2);
    [
      [0, Wc, d.Wc, d.bc],
      [1, Wd, d.Wd, d.bd],
    ].forEach(([t, W, dW, dBias]) => {
      dy.forEach((g, k) => {
        dBias.data[k] += g;
        for (let j = 0; j < D; j++) dW.data[k * D + j] += g * z.data[(b * T + t) * D + j];
      });
      for (let i = 0; i < T; i++) back(dy, W).forEach((g, j) => (d.z.data[(b * T + i) * D + j] += g));
    });
  }
  return d;
}
