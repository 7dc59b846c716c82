/** A run on the ranks that mpirun, mpiexec or srun has started: what it changes in the recipe, and how all ranks end when one fails. */
import { setTimeout as sleep } from "node:timers/promises";
import { openRanks } from "../../ranks/open.ts";
import { checkReduction, RankError, rankName, type Reduction } from "../../ranks/ranks.ts";
import { readRecipe, type ReadRecipe, type RecipeChanges } from "../../recipe/recipe.ts";
import type { Recipe, TrainingRecipe } from "../../train/run/recipe.ts";
import type { RunRanks } from "../../train/run/sumOverRanks.ts";
import { messageOf, oneLine, say } from "../output.ts";

/** How the ranks sum: the options of `deit train`. */
export interface ReduceOptions {
  readonly reduce: "ordered" | "fast";
  readonly wire?: "f32" | "f16";
}

/** @throws RangeError for a format without effect */
function reductionOf({ reduce, wire }: ReduceOptions): Reduction {
  if (reduce === "fast") return { kind: "fast", wire: wire ?? "f32" };
  if (wire !== undefined) throw new RangeError(`--wire ${wire} has no effect on ordered sums; it goes with --reduce fast`);
  return { kind: "ordered" };
}

/** The ranks of this run; null: this process was started alone. @throws RangeError where MPI is missing, or for options that do not fit together */
export async function openRunRanks(options: ReduceOptions): Promise<RunRanks | null> {
  const how = reductionOf(options);
  const ranks = await openRanks();
  return ranks === null ? null : { ranks, how };
}

/** Micro-batches of a step where neither recipe nor command says it, so that 1, 2 and 4 ranks give the same bits. */
const REPLICAS = 4;

/** The key of a batch that is divided among the ranks: the student's, or that of a teacher which is trained first. */
const BATCH = /^((?:teacher\.(?:\d+\.)?)?training)\.batch$/;

/** Changes that divide the batches of a recipe into at least as many micro-batches as there are ranks, where it does not say. */
export function dividedFor({ ranks, how }: RunRanks, name: string, changes: RecipeChanges): RecipeChanges {
  if (how.kind === "fast") return changes;
  const { values } = readRecipe(name, changes);
  const replicas = Math.max(REPLICAS, ranks.count);
  const set = values.flatMap(({ key, value: batch }) => {
    const micro = `${BATCH.exec(key)?.[1]}.micro_batch`;
    const isFree = values.some((other) => other.key === micro && other.value === "none");
    return isFree && typeof batch === "number" && batch % replicas === 0 ? [`${micro}=${batch / replicas}`] : [];
  });
  return { ...changes, set: [...(changes.set ?? []), ...set] };
}

/** The trainings of a run: the student's, and those of its teachers. */
const trainingsOf = ({ training, teachers }: Recipe): readonly TrainingRecipe[] => [
  training,
  ...teachers.flatMap((teacher) =>
    "training" in teacher ? [teacher.training] : teacher.kind === "recipe" ? trainingsOf(teacher.recipe) : [],
  ),
];

/** @throws RangeError unless so many ranks can sum in this way, and every training's batches divide among them */
export function checkShares({ ranks: { count }, how }: RunRanks, { recipe }: ReadRecipe): void {
  checkReduction(how, count);
  for (const { batch, microBatch } of trainingsOf(recipe)) {
    const share = batch / count;
    if (!Number.isInteger(share)) throw new RangeError(`${count} ranks: a batch of ${batch} does not divide among them`);
    const micro = how.kind === "fast" ? Math.min(microBatch ?? batch, share) : (microBatch ?? batch); // fast sums need no micro-batches
    if (share % micro !== 0)
      throw new RangeError(
        `${count} ranks: a batch of ${batch} in micro-batches of ${micro} does not divide among them; micro_batch = ${share} would be right`,
      );
  }
}

/** Rank 0 reports an error first; the others wait so long before they report their own. */
const FIRST_WORD_MS = 3000;
/** The time for the rank that saves after another was lost. */
const SAVING_MS = 25_000;

/** Ends all ranks after an error on this one: says what it is, once. */
export async function endAll({ ranks }: RunRanks, command: string, error: unknown, status: number): Promise<never> {
  const { rank, members } = ranks;
  if (error instanceof RankError) {
    if (rank !== (error.rank === 0 ? 1 : 0)) await sleep(SAVING_MS);
    else say(`deit ${command}: ${oneLine(messageOf(error))}; the run is saved as far as it came, and --resume continues it`);
    return ranks.abort(status);
  }
  if (rank !== 0) await sleep(FIRST_WORD_MS);
  say(`deit ${command}: ${rank === 0 ? "" : `${rankName(rank, members[rank] ?? null)}: `}${oneLine(messageOf(error))}`);
  return ranks.abort(status);
}
