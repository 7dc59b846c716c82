/** What the main thread asks of the thread that makes all MPI calls, and the answers. */
import type { Family } from "./launch.ts";
import type { Member, Reduction } from "./ranks.ts";

export type Request = { readonly id: number } & (
  | {
      readonly kind: "sum";
      /** On shared memory; replaced by the sums. */
      readonly numbers: Float32Array | Float64Array;
      readonly how: Reduction;
    }
  | { readonly kind: "gather"; readonly text: string }
  | { readonly kind: "close" }
  | { readonly kind: "abort"; readonly code: number }
);

export type Answer =
  | { readonly kind: "opened"; readonly rank: number; readonly members: readonly Member[] }
  | { readonly kind: "refused"; readonly message: string }
  /** `texts` of all ranks, for a gather. */
  | { readonly kind: "done"; readonly id: number; readonly texts: readonly string[] }
  /** `rank` does not answer; null: it is not known which. */
  | { readonly kind: "failed"; readonly id: number; readonly message: string; readonly rank: number | null };

/** Fields of the shared array: how many requests have been posted, on which the thread sleeps; and one that never changes, for naps. */
export const CONTROL = { posted: 0, nap: 1, fields: 2 } as const;

/** What the thread gets. */
export interface ThreadTask {
  readonly family: Family | null;
  /** The library to load; null: look for one. */
  readonly library: string | null;
  /** The launcher and the number of processes that it has started, if that is known. */
  readonly by: string;
  readonly count: number | null;
  /** After so many seconds without a heartbeat a rank counts as dead. */
  readonly timeout: number;
  readonly control: Int32Array<SharedArrayBuffer>;
}
