/** The engines that rows and laws run on. */
import type { Engine } from "../kernels/engine.ts";

/** The engine under test, and the one that provides the expected gradients. */
export interface Engines {
  /** The engine under test. */
  readonly engine: Engine;
  /** An f64 engine, with whose gradients those in f32 are compared, because finite differences in f32 are too inexact. May be `engine`. */
  readonly reference: Engine;
}
