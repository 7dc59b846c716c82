/** Images of 32 × 32 pixels. */
const SIDE = 32;

const clip = (v) => Math.min(Math.max(v, 0), SIDE);

/** The length of a box along one side. */
function lengthOf(at, lambda) {
  const half = Math.floor(Math.trunc(SIDE * Math.sqrt(1 - lambda)) / 2);
  return clip(at + half) - clip(at - half);
}

/**
 * The labels of CutMix on images of 32 × 32 pixels. The inputs are { q, lambda, centre }: q, [2G, K], has G pairs of samples, of which rows 2g
 * and 2g + 1 are partners; their box is drawn with lambda.data[g] and the centre (centre.data[2g], centre.data[2g + 1]), row and column. Mix
 * each pair's labels with the λ that is right for its box (E39), (E33).
 */
export function forward({ q, lambda, centre }) {
  const K = q.shape[1];
  const data = q.data.map((v, at) => {
    const i = Math.floor(at / K);
    const partner = i % 2 === 0 ? i + 1 : i - 1;
    const g = Math.floor(i / 2);
    const [rows, columns] = [0, 1].map((side) => lengthOf(centre.data[2 * g + side], lambda.data[g]));
    const kept = 1 - (rows * columns) / SIDE ** 2;
    return kept * v + (1 - kept) * q.data[partner * K + (at % K)];
  });
  return { shape: q.shape, data };
}
