/** What the programs of attention read and write, whichever way they compute, and how that is stored. */
import type { Storage } from "../../program.ts";
import type { Text } from "./form.ts";

/** Less than any score, and no infinity. */
export const LOWEST = "-3e38";

export interface Stored {
  readonly q: Storage;
  readonly k: Storage;
  readonly v: Storage;
  /** What is written. */
  readonly result: Storage;
}

export interface StoredBack extends Stored {
  readonly dO: Storage;
}

type Operands = Omit<Text, "main">;

/** A block of queries. Binds O, Q, K, V, λ. */
export const forwardOperands = ({ result, q, k, v }: Stored): Operands => ({
  name: "attention",
  writes: { o: result },
  reads: { q, k, v },
  numbers: ["logSum"],
  own: ["q"],
  others: ["k", "v"],
});

/** A block of queries. Binds Q̄, Q, K, V, Ō, λ, α. */
export const dQueriesOperands = ({ result, q, k, v, dO }: StoredBack): Operands => ({
  name: "attention dQ",
  writes: { dq: result },
  reads: { q, k, v, dO },
  numbers: ["logSum", "alpha"],
  own: ["q", "dO"],
  others: ["k", "v"],
});

/** A block of keys. Binds K̄, V̄, Q, K, V, Ō, λ, α. */
export const dKeysOperands = ({ result, q, k, v, dO }: StoredBack): Operands => ({
  name: "attention dK dV",
  writes: { dk: result, dv: result },
  reads: { q, k, v, dO },
  numbers: ["logSum", "alpha"],
  own: ["k", "v"],
  others: ["q", "dO"],
});
