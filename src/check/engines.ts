/** What rows and laws run on. */
import type { Engine } from "../kernels/engine.ts";

/** The engine that rows and laws are checked on, and the one that its gradients are held to. */
export interface Engines {
  /** The engine that is checked. */
  readonly engine: Engine;
  /** An engine of f64 that gradients in f32 are held to: differences of f32 resolve none. May be `engine`. */
  readonly reference: Engine;
}
