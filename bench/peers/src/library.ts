/** What a file of `libraries/` says. */

/** Numbers that all libraries must agree on, by name. */
export type Results = ReadonlyMap<string, ArrayLike<number>>;

/** A model in a library, ready to be timed. */
export interface Loaded {
  readonly results: () => Promise<Results>;
  /** Once what is timed: from plain arrays to plain arrays. */
  readonly run: () => Promise<unknown>;
}

/** @throws NotAvailable */
export type Load = (threads: number) => Promise<Loaded>;

export interface Library {
  /** Packages and versions that compute. */
  readonly version: string;
  /** An image → `logits`, [K]. */
  readonly forward: Load;
  /** A training step → the `loss` of three steps, and the gradient of the first by timm's names; null: it does not train. */
  readonly train: Load | null;
}

/** What a library cannot do here, by its own account. */
export class NotAvailable extends Error {
  override readonly name = "NotAvailable";
}
