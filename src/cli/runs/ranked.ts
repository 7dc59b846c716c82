/** A run on the ranks that mpirun, mpiexec or srun has started: what it changes in the recipe, and how all ranks end when one fails. */
import { setTimeout as sleep } from "node:timers/promises";
import { openRanks } from "../../ranks/open.ts";
import { checkReduction, RankError, rankName, type Reduction } from "../../ranks/ranks.ts";
import { readRecipe, type ReadRecipe, type RecipeChanges } from "../../recipe/recipe.ts";
import type { RunRanks } from "../../train/run/sumOverRanks.ts";
import { messageOf, oneLine, say } from "../output.ts";

/** How the ranks sum: the options of `deit train`. */
export interface ReduceOptions {
  readonly reduce: "ordered" | "fast";
  readonly wire: "f32" | "f16";
}

const reductionOf = ({ reduce, wire }: ReduceOptions): Reduction => (reduce === "ordered" ? { kind: "ordered" } : { kind: "fast", wire });

/** The ranks of this run; null: this process was started alone. @throws RangeError where MPI is missing */
export async function openRunRanks(options: ReduceOptions): Promise<RunRanks | null> {
  const ranks = await openRanks();
  return ranks === null ? null : { ranks, how: reductionOf(options) };
}

/** Micro-batches of a step where neither recipe nor command says it, so that 1, 2 and 4 ranks give the same bits. */
const REPLICAS = 4;

/** The keys of the trainings whose batches are divided among the ranks. */
const TRAININGS = ["training", "teacher.training"] as const;

/** Changes that divide the batches of a recipe into at least as many micro-batches as there are ranks, where it does not say. */
export function dividedFor({ ranks, how }: RunRanks, name: string, changes: RecipeChanges): RecipeChanges {
  if (how.kind === "fast") return changes;
  const { values } = readRecipe(name, changes);
  const valueOf = (key: string): unknown => values.find((value) => value.key === key)?.value;
  const replicas = Math.max(REPLICAS, ranks.count);
  const set = TRAININGS.flatMap((table) => {
    const [batch, micro] = [valueOf(`${table}.batch`), valueOf(`${table}.micro_batch`)];
    return typeof batch === "number" && micro === "none" && batch % replicas === 0 ? [`${table}.micro_batch=${batch / replicas}`] : [];
  });
  return { ...changes, set: [...(changes.set ?? []), ...set] };
}

/** @throws RangeError unless so many ranks can sum in this way, and every training's batches divide among them */
export function checkShares({ ranks: { count }, how }: RunRanks, { recipe }: ReadRecipe): void {
  checkReduction(how, count);
  const trained = recipe.teachers.flatMap((teacher) => ("training" in teacher ? [teacher.training] : []));
  for (const { batch, microBatch } of [recipe.training, ...trained]) {
    if (batch % count !== 0) throw new RangeError(`${count} ranks: a batch of ${batch} does not divide among them`);
    const micro = microBatch ?? batch;
    if (how.kind === "ordered" && (batch / count) % micro !== 0)
      throw new RangeError(
        `${count} ranks: a batch of ${batch} in micro-batches of ${micro} does not divide among them; training.micro_batch=${batch / count} would be right, or --reduce fast`,
      );
  }
}

/** Rank 0 speaks first; the others wait so long before they speak or leave, in ms. */
const COURTESY = 3000;
/** So long a rank that is left has to save, in ms. */
const SAVING = 25_000;

/** Ends all ranks after an error on this one: says what it is, once. */
export async function endAll({ ranks }: RunRanks, command: string, error: unknown, status: number): Promise<never> {
  const { rank, members } = ranks;
  if (error instanceof RankError) {
    if (rank !== (error.rank === 0 ? 1 : 0)) await sleep(SAVING);
    else say(`deit ${command}: ${oneLine(messageOf(error))}; the run is saved as far as it came, and --resume continues it`);
    return ranks.abort(status);
  }
  if (rank !== 0) await sleep(COURTESY);
  say(`deit ${command}: ${rank === 0 ? "" : `${rankName(rank, members[rank] ?? null)}: `}${oneLine(messageOf(error))}`);
  return ranks.abort(status);
}
