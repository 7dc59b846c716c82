/** The ranks of a run: processes that were started together, each with a number, that sum what they have computed. Nothing here knows how they talk. */

/** A process among the ranks. */
export interface Member {
  readonly host: string;
  readonly pid: number;
}

/**
 * How numbers are summed over the ranks.
 *
 * - ordered: by a binary tree over the ranks, neighbours first: ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)). The sum of 2ⁿ neighbours is therefore an inner node of
 *   the tree for more ranks, so one process that adds its parts in this order gets the bits of several. The number of ranks must be a power of two.
 * - fast: in whatever order is fastest, which may differ between numbers of ranks. `wire` is the format in which a Float32Array travels: f32, or f16 with sums in
 *   f32, where values beyond 65,504 become infinite. A Float64Array travels as it is.
 */
export type Reduction = { readonly kind: "ordered" } | { readonly kind: "fast"; readonly wire: "f32" | "f16" };

export interface Ranks {
  /** The number of this process, from 0. */
  readonly rank: number;
  /** How many there are. */
  readonly count: number;
  readonly members: readonly Member[];
  /**
   * Element-wise sums over all ranks, with the same bits on all of them; f32 is summed in f32, f64 in f64. The numbers are copied at the call, so that the caller
   * may overwrite them. All ranks must make the same calls in the same order, in which they are carried out while the caller computes. The result lies in shared memory.
   *
   * @throws RangeError for an ordered sum where the number of ranks is no power of two
   * @throws RankError as soon as a rank no longer answers
   */
  readonly sum: {
    (numbers: Float32Array, how: Reduction): Promise<Float32Array>;
    (numbers: Float64Array, how: Reduction): Promise<Float64Array>;
  };
  /** Resolves when all ranks have called it. @throws RankError as `sum` does */
  readonly barrier: () => Promise<void>;
  /** The values of all ranks in their order, for small values that JSON can hold. @throws RankError as `sum` does */
  readonly gather: <T>(value: T) => Promise<readonly T[]>;
  /** Waits until all ranks have called it, and ends the communication. Until then this rank goes on answering. @throws RankError as `sum` does */
  readonly close: () => Promise<void>;
  /**
   * Ends the processes of all ranks at once; the launcher's exit status is `code`. After a RankError one rank calls it, when it has saved what it wants to keep;
   * a process that merely exits makes the launcher end the others, within a second with Open MPI.
   */
  readonly abort: (code: number) => Promise<never>;
}

/** A rank is dead or hung, so that sums over all ranks are no longer possible. */
export class RankError extends Error {
  /** `RankError`. */
  override readonly name = "RankError";
  /** Which one. */
  readonly rank: number;

  constructor(rank: number, message: string) {
    super(message);
    this.rank = rank;
  }
}

/** The name of a rank in messages; null: its process is not known yet. */
export const rankName = (rank: number, member: Member | null): string =>
  member === null ? `rank ${rank}` : `rank ${rank} (pid ${member.pid} on ${member.host})`;

const isPowerOfTwo = (count: number): boolean => Number.isInteger(Math.log2(count));

/** @throws RangeError where so many ranks cannot sum in this way */
export function checkReduction({ kind }: Reduction, count: number): void {
  if (kind === "ordered" && !isPowerOfTwo(count))
    throw new RangeError(`${count} ranks: an ordered sum needs 1, 2, 4, 8, … ranks; --reduce fast takes any number`);
}
