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
    const child = compiledChild();
    const moments: readonly Moment[] = [
      { steps: 1, delay: 0 }, // before the first checkpoint
      { steps: 4, delay: 1 }, // between or inside checkpoints, of the teacher, then of the student
      { steps: 5, delay: 3 },
      { steps: 4, delay: 6 },
      { steps: 3, delay: 2 },
    ];
    /** The folder of a run that was killed at the first two moments at least: on a busy machine a run may end before it is killed, and then it is tried again. */
    const killedRun = async (attempts: number): Promise<string> => {
      const folder = join(temporaryFolder(), "run");
      const kills: boolean[] = [];
      for (const moment of moments) kills.push(await killedAt(child, folder, epochs, moment));
      if (kills[0] === true && kills[1] === true) return folder;
      if (attempts === 1) throw new Error(`not killed at the first two moments: ${kills.join()}`);
      return killedRun(attempts - 1);
    };
    const run = await killedRun(10);
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
