/** What a file of `libraries/` exports. */

/** Numbers that all libraries must agree on, by name. */
export type Results = ReadonlyMap<string, ArrayLike<number>>;

/** A model in a library, ready to be timed. */
export interface Loaded {
  readonly results: () => Promise<Results>;
  /** Runs once what is timed, from plain arrays to plain arrays. */
  readonly run: () => Promise<unknown>;
}

/** @throws NotAvailable */
export type Load = (threads: number) => Promise<Loaded>;

export interface Library {
  /** The packages that compute, with their versions. */
  readonly version: string;
  /** An image → `logits`, [K]. */
  readonly forward: Load;
  /** A training step → the `loss` of three steps, and the gradient of the first by timm's names; null: it does not train. */
  readonly train: Load | null;
}

/** A library cannot do something here, for the reason that it gives. */
export class NotAvailable extends Error {
  override readonly name = "NotAvailable";
}
