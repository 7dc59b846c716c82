/** Each image is seen three times in an epoch; a batch is divided among four replicas. */
const REPEATS = 3;
const REPLICAS = 4;

/**
 * Repeated augmentation. x, [8, 1], has one number for each image; order, [8], is the epoch's permutation of them. Return the numbers of the
 * images of the batch, [24, 1]: first the six views of replica 0, then those of replica 1, and so on.
 */
export function forward({ x, order }) {
  const each = (order.data.length * REPEATS) / REPLICAS;
  const data = new Float64Array(REPLICAS * each);
  for (let r = 0; r < REPLICAS; r++)
    for (let j = 0; j < each; j++) {
      const place = r + j * REPLICAS;
      data[r * each + j] = x.data[order.data[place % order.data.length]];
    }
  return { shape: [REPLICAS * each, 1], data };
}
