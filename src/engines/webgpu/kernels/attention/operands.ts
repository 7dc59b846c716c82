/** What each program of attention reads and writes, in every kernel variant, and how that is stored. */
import type { Storage } from "../../accessors.ts";
import type { AttentionOperands } from "./format.ts";

/** Less than any score, and finite. */
export const LOWEST = "-3e38";

/** A weight e^(s − most) of the forward may be as large as e^SLACK before `most` follows the scores. f16 holds e^11. */
export const SLACK = 8;

/** The programs. */
export type AttentionKind = "forward" | "dQueries" | "dKeys";

/** Matrix multiplications of each program, of N K d multiply–adds in each head. */
export const multiplications: Readonly<Record<AttentionKind, number>> = { forward: 2, dQueries: 3, dKeys: 4 };

export interface AttentionStorage {
  readonly q: Storage;
  readonly k: Storage;
  readonly v: Storage;
  /** The matrices that are written. */
  readonly result: Storage;
}

export interface AttentionVjpStorage extends AttentionStorage {
  readonly o: Storage;
  readonly dO: Storage;
}

/** A block of queries. Binds O, Q, K, V, λ. */
export const forwardOperands = ({ result, q, k, v }: AttentionStorage): AttentionOperands => ({
  name: "attention",
  writes: { o: result },
  reads: { q, k, v },
  numbers: ["logSum"],
  own: ["q"],
  others: ["k", "v"],
  othersNumbers: [],
});

/** A block of queries; writes α too. Binds Q̄, Q, K, V, O, Ō, λ, α: as many tensors as every device binds. */
export const dQueriesOperands = ({ result, q, k, v, o, dO }: AttentionVjpStorage): AttentionOperands => ({
  name: "attention dQ",
  writes: { dq: result },
  reads: { q, k, v, o, dO },
  numbers: ["logSum", "alpha"],
  own: ["q", "dO"],
  others: ["k", "v"],
  othersNumbers: [],
});

/** A block of keys. Binds K̄, V̄, Q, K, V, Ō, λ, α. */
export const dKeysOperands = ({ result, q, k, v, dO }: AttentionVjpStorage): AttentionOperands => ({
  name: "attention dK dV",
  writes: { dk: result, dv: result },
  reads: { q, k, v, dO },
  numbers: ["logSum", "alpha"],
  own: ["k", "v"],
  others: ["q", "dO"],
  othersNumbers: ["logSum", "alpha"],
});
