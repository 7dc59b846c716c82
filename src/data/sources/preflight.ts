/** Decodes some images of a set before a run writes anything. */
import type { Dataset } from "./dataset.ts";
import { messageOf } from "./located.ts";
import { corruptTally, type CorruptSample, type CorruptTally } from "./replace.ts";
import { spread } from "./subset.ts";

/** Images that are decoded at a time. */
const AT_A_TIME = 4;

/** What is wrong with an image; nothing if it can be decoded. */
async function corrupt({ image }: Dataset, sample: number): Promise<readonly CorruptSample[]> {
  try {
    await image(sample);
    return [];
  } catch (error) {
    return [{ sample, message: messageOf(error) }];
  }
}

/**
 * Decodes at most `most` images, evenly spread over the set, and returns the tally of those that are corrupt.
 *
 * @throws RangeError, one line, if these are more than 1 % of the set
 */
export async function preflight(dataset: Dataset, most: number): Promise<CorruptTally> {
  const samples = spread(dataset.count, most);
  const found: CorruptSample[] = [];
  for (let i = 0; i < samples.length; i += AT_A_TIME)
    found.push(...(await Promise.all(samples.slice(i, i + AT_A_TIME).map((sample) => corrupt(dataset, sample)))).flat());
  const tally = corruptTally(dataset.count);
  tally.add(found);
  return tally;
}
