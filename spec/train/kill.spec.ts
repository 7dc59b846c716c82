import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { runRecipe } from "../../src/train/run/run.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { diceOf, type Dice } from "../io/fuzz/dice.ts";
import { compiledChild, isSaving, killedAt, resultsOf, type Moment } from "./killing.ts";
import { tinyOf } from "./tiny.ts";
import { quietRun } from "./quietRun.ts";

/** The results of a run that nobody kills. */
async function undisturbed(epochs: number): Promise<readonly (Buffer | string)[]> {
  const folder = join(temporaryFolder(), "run");
  await runRecipe(referenceEngine(), tinyOf(epochs), quietRun(folder, { checkpointEvery: 2 }));
  return resultsOf(folder);
}

const NEVER: Moment = { steps: Infinity, delay: 0 };

describe("a run that is killed repeatedly", () => {
  it("ends with the same weights and metrics, byte for byte, as an uninterrupted run", async () => {
    const epochs = 4;
    const run = join(temporaryFolder(), "run");
    const child = compiledChild();
    const kills: boolean[] = [];
    for (const [steps, delay] of [
      [1, 0], // before the first checkpoint
      [4, 1], // between or inside checkpoints, of the teacher, then of the student
      [5, 3],
      [4, 6],
      [3, 2],
    ] as const)
      kills.push(await killedAt(child, run, epochs, { steps, delay }));
    expect(kills.slice(0, 2)).toEqual([true, true]);
    expect(await killedAt(child, run, epochs, NEVER)).toBe(false);
    expect(resultsOf(run)).toEqual(await undisturbed(epochs));
  });

  /** A random moment: anywhere, or soon after a checkpoint has begun to be written. */
  function momentOf({ below, oneIn }: Dice): Moment {
    if (oneIn(2)) return { saving: true, delay: below(8) };
    return oneIn(4) ? { started: true, delay: below(1500) } : { steps: 1 + below(30), delay: below(20) };
  }

  it(
    "does so after 100 kills at random moments, some inside a save",
    { skip: process.env["DEIT_LONG"] !== "1", timeout: 3_600_000 },
    async () => {
      const [epochs, least] = [60, 100];
      const child = compiledChild();
      const expected = await undisturbed(epochs);
      let [kills, insideSaves, runs] = [0, 0, 0];
      while (kills < least) {
        const run = join(temporaryFolder(), "run");
        for (let attempt = 0; await killedAt(child, run, epochs, kills < least ? momentOf(diceOf("kills", kills)) : NEVER); attempt++) {
          kills++;
          if (isSaving(run)) insideSaves++;
        }
        expect(resultsOf(run)).toEqual(expected);
        runs++;
      }
      process.stdout.write(
        `${kills} kills, ${insideSaves} of them inside a save; ${runs} runs ended with the bits of the undisturbed run\n`,
      );
      expect(insideSaves).toBeGreaterThan(10);
    },
  );
});
