/** What the page asks the worker that verifies, and what it answers. Plain data. */
import type { Inspection } from "#deit/inspect/inspection.js";
import type { Subject } from "../looking/look.ts";
import type { Sample } from "./sample.ts";

/** A question; its answer has the same number. */
export type Question = { readonly id: number } & (
  | { readonly ask: "break"; readonly variant: string; readonly sample: Sample }
  | { readonly ask: "verify"; readonly name: string; readonly bytes: Uint8Array }
  | { readonly ask: "weights"; readonly name: string; readonly bytes: Uint8Array; readonly heads: number | null; readonly imageNet: string }
  | { readonly ask: "look"; readonly subject: Subject }
);

/** What `verify` says, and the picture of it. */
export interface Verdict {
  readonly match: boolean;
  readonly tensors: number;
  /** The first wrong tensor; null: none is wrong. */
  readonly first: string | null;
  /** The variants that it names. */
  readonly named: readonly string[];
  /** The page that `deit verify --report` writes. */
  readonly page: string;
}

/** A model from a file. */
export interface Opened {
  readonly name: string;
  readonly depth: number;
  readonly width: number;
  readonly heads: number;
  readonly imageSize: number;
  readonly classes: number;
}

/** An answer. */
export type Answer = { readonly id: number } & (
  | { readonly told: "verdict"; readonly verdict: Verdict }
  | { readonly told: "opened"; readonly opened: Opened }
  | { readonly told: "seen"; readonly inspection: Inspection }
  | { readonly told: "failed"; readonly message: string }
);
