/** What the numbers of a wrong tensor show, beside a variant or without one. */
import type { Inquiry } from "./candidates.ts";
import { hintsOf } from "./hints.ts";
import { resultOf } from "./read.ts";
import type { State } from "./seen.ts";
import { weightHints } from "./weightHints.ts";

/**
 * Lines that may help a person.
 *
 * @param variant the name of the variant that explains the tensor, if one does
 */
export async function hintsFor(
  { engine, recording }: Inquiry,
  { under: now }: State,
  name: string,
  variant: string | null = null,
): Promise<readonly string[]> {
  if (variant !== null) return [];
  const reading = now.readings.get(name);
  const ofWeights = reading === undefined ? [] : await weightHints(engine, recording, reading);
  return [...ofWeights, ...hintsOf(resultOf(recording, name), await now.value(name), recording.batch)];
}
