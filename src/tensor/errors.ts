/** The two ways in which a tensor can be unfit for a call, and what is too large. Other values out of range are `RangeError`s. */

/** A tensor has another shape than the op's definition states. */
export class ShapeError extends Error {
  /** `ShapeError`. */
  override readonly name = "ShapeError";
}

/** A tensor is used after its region closed, after it was donated, or on another engine than its own. */
export class StaleError extends Error {
  /** `StaleError`. */
  override readonly name = "StaleError";
}

/** The device is gone, and every tensor on it: what it was working at goes on from its last saved state, on another device. */
export class DeviceLostError extends Error {
  /** `DeviceLostError`. */
  override readonly name = "DeviceLostError";
}

const MEGA = 1e6;
const megabytes = (bytes: number): string => `${(bytes / MEGA).toFixed(1)} MB`;

/** A program needs more memory than an engine can have. */
export class MemoryError extends RangeError {
  /** `MemoryError`. */
  override readonly name = "MemoryError";
  /** What the program needs, in bytes. */
  readonly needed: number;
  /** What the engine can have, in bytes. */
  readonly capacity: number;

  /** @param what needs it: `wasm`, `wasm: a batch of 8` */
  constructor(what: string, { needed, capacity }: { readonly needed: number; readonly capacity: number }, advice = "") {
    super(`${what} needs ${megabytes(needed)} of at most ${megabytes(capacity)}${advice}`);
    this.needed = needed;
    this.capacity = capacity;
  }
}
