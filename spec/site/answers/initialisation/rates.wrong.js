/**
 * The drop-path rates of L blocks, from 0 for the first block to rMax for the last. rMax and L are arrays of one number.
 * A single block gives 0/0.
 */
export function forward({ rMax, L }) {
  const [most] = rMax.data;
  const [blocks] = L.data;
  return { shape: [blocks], data: Float64Array.from({ length: blocks }, (_, i) => (most * i) / (blocks - 1)) };
}
