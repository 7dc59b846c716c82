/** How often each value occurs in each channel. */
import { checkedPixels, type Pixels } from "./pixels.ts";

/** Values of a byte. */
const VALUES = 256;

/** Counts of the values 0 … 255: those of channel c begin at 256c. */
export function histogram(image: Pixels): Uint32Array {
  const { data, channels } = checkedPixels(image);
  const counts = new Uint32Array(VALUES * channels);
  for (const [i, value] of data.entries()) {
    const at = (i % channels) * VALUES + value;
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}
