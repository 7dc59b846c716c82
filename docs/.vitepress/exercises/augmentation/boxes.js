/**
 * The labels of CutMix on images of 32 × 32 pixels. The inputs are { q, lambda, centre }: q, [2G, K], has G pairs of samples, of which rows 2g
 * and 2g + 1 are partners; their box is drawn with lambda.data[g] and the centre (centre.data[2g], centre.data[2g + 1]), row and column. Mix
 * each pair's labels with the λ that is right for its box (E39), (E33).
 * At present the drawn λ is taken as it is.
 */
export function forward({ q, lambda }) {
  const K = q.shape[1];
  const data = q.data.map((v, at) => {
    const i = Math.floor(at / K);
    const partner = i % 2 === 0 ? i + 1 : i - 1;
    const kept = lambda.data[Math.floor(i / 2)];
    return kept * v + (1 - kept) * q.data[partner * K + (at % K)];
  });
  return { shape: q.shape, data };
}
