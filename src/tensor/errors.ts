/** The errors of tensors, devices and memory. Other values that are out of range throw a plain `RangeError`. */

/** A tensor does not have the shape that an op or kernel requires. */
export class ShapeError extends Error {
  /** `ShapeError`. */
  override readonly name = "ShapeError";
}

/** A tensor was used after its memory was freed (its region closed, or it was donated), or on another engine than its own. */
export class StaleError extends Error {
  /** `StaleError`. */
  override readonly name = "StaleError";
}

/** The device is lost, with every tensor on it. Work must continue from its last saved state on another device. */
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
  /** The most that the engine can have, in bytes. */
  readonly capacity: number;

  /** @param what names what needs the memory: `wasm`, `wasm: a batch of 8` */
  constructor(what: string, { needed, capacity }: { readonly needed: number; readonly capacity: number }, advice = "") {
    super(`${what} needs ${megabytes(needed)} of at most ${megabytes(capacity)}${advice}`);
    this.needed = needed;
    this.capacity = capacity;
  }
}
