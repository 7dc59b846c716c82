/** The two ways in which a tensor can be unfit for a call. Values out of range are `RangeError`s. */

/** A tensor has another shape than the op's definition states. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
}

/** A tensor is used after its region closed, after it was donated, or on another engine than its own. */
export class StaleError extends Error {
  override readonly name = "StaleError";
}
