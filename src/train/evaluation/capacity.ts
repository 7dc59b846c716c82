/** Finds out what fits into an engine's memory by planning on shapes alone; nothing is computed or allocated. */
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { MemoryError } from "../../tensor/errors.ts";

/**
 * The largest n from 1 to `most` that fits, found by bisection; 0 if not even 1 fits.
 *
 * @param fits true up to some n and false above it
 */
export function largest(most: number, fits: (n: number) => boolean): number {
  let [fitting, tooMany] = [0, most + 1];
  while (tooMany - fitting > 1) {
    const middle = Math.floor((fitting + tooMany) / 2);
    if (fits(middle)) fitting = middle;
    else tooMany = middle;
  }
  return fitting;
}

/** A computation on a batch of images. */
export type BatchProgram<T> = (k: Kernels, held: T, batch: number) => unknown;

/** A computation whose memory the engine reserves. */
export interface BatchPlan<T> {
  /** Tensors that are already allocated and that the program consumes. */
  readonly held: T;
  readonly program: BatchProgram<T>;
  /** The same computation in less memory; null if there is none. */
  readonly lean: BatchProgram<T> | null;
}

/** Whether a program on n images fits into an engine's memory. */
export function fits<T>(engine: Engine, held: T, program: BatchProgram<T>, n: number): boolean {
  try {
    return engine.plan(held, (k, own) => program(k, own, n)) <= engine.capacity;
  } catch (error) {
    if (error instanceof MemoryError) return false; // a single tensor is too large
    throw error;
  }
}

/** The largest batch from 1 to `most` whose program fits into an engine's memory beside what is held; 1 if not even that fits. */
export const fittingBatch = <T>(engine: Engine, held: T, program: BatchProgram<T>, most: number): number =>
  Math.max(
    1,
    largest(most, (n) => fits(engine, held, program, n)),
  );

/**
 * The same; a device holds the memory for it when it resolves.
 *
 * @throws MemoryError if the engine cannot hold what one image takes
 */
export async function heldBatch<T>(engine: Engine, held: T, program: BatchProgram<T>, most: number): Promise<number> {
  for (;;) {
    const n = fittingBatch(engine, held, program, most);
    if (engine.allocated === undefined) return n;
    try {
      engine.reserve(held, (k, own) => program(k, own, n));
      await engine.allocated();
      return n;
    } catch (error) {
      if (!(error instanceof MemoryError) || n === 1) throw error; // else the engine has less memory than it knew of: fewer images
    }
  }
}

/** @throws MemoryError that begins with `what` if a program does not fit into an engine's memory */
export function checkFits(engine: Engine, what: string, program: (k: Kernels) => unknown): void {
  try {
    const needed = engine.plan(null, program);
    if (needed > engine.capacity) throw new MemoryError(what, { needed, capacity: engine.capacity });
  } catch (error) {
    throw error instanceof MemoryError ? new MemoryError(what, error) : error;
  }
}

function advice(fitting: number, fittingLean: number): string {
  const found = [
    ...(fitting > 0 ? [`a batch of ${fitting} would fit`] : []),
    ...(fittingLean > fitting ? [`a batch of ${fittingLean} would fit with --memory low`] : []),
  ];
  return `; ${found.length === 0 ? "not even one image fits" : found.join(", ")}`;
}

/** The error of a batch that does not fit: it names the largest that would. Other errors stay as they are. */
function refusal<T>(engine: Engine, batch: number, { held, program, lean }: BatchPlan<T>, error: unknown): unknown {
  if (!(error instanceof MemoryError)) return error;
  const fitting = (of: BatchProgram<T>): number => largest(batch, (n) => fits(engine, held, of, n));
  return new MemoryError(`${engine.name}: a batch of ${batch}`, error, advice(fitting(program), lean === null ? 0 : fitting(lean)));
}

/**
 * Reserves the memory of a program before it runs. Whether a device has it is not known yet: see `holdBatch`.
 *
 * @throws MemoryError naming the largest batches that would fit
 */
export function reserveBatch<T>(engine: Engine, batch: number, plan: BatchPlan<T>): void {
  try {
    engine.reserve(plan.held, (k, own) => plan.program(k, own, batch));
  } catch (error) {
    throw refusal(engine, batch, plan, error);
  }
}

/**
 * Reserves the memory of a program before it runs; resolves when the engine holds it.
 *
 * @throws MemoryError naming the largest batches that would fit
 */
export async function holdBatch<T>(engine: Engine, batch: number, plan: BatchPlan<T>): Promise<void> {
  reserveBatch(engine, batch, plan);
  try {
    await engine.allocated?.();
  } catch (error) {
    throw refusal(engine, batch, plan, error);
  }
}
