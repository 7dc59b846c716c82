/** What engines plan of memory, and what they allocate. */
import { abstractEngine } from "../../src/engines/abstract/engine.ts";
import { fusedKernels } from "../../src/engines/wasm/fused/table.ts";
import type { Engine } from "../../src/kernels/engine.ts";
import { wasmEngine } from "../../src/wasm.ts";

/** An engine that notes how many bytes each plan needs. */
export function notingPlans(engine: Engine): { readonly noting: Engine; readonly planned: readonly number[] } {
  const planned: number[] = [];
  const plan: Engine["plan"] = (held, program) => {
    const bytes = engine.plan(held, program);
    planned.push(bytes);
    return bytes;
  };
  return { noting: { ...engine, plan }, planned };
}

/** Bytes of a program on the wasm engine. */
interface Bytes {
  /** Fresh bytes of the program that was reserved. */
  readonly planned: number;
  /** Fresh bytes at the last call of `look`. */
  readonly allocated: number;
  /** Those that were not freed. */
  readonly live: number;
}

/** What is reserved, before anything is held, and what is allocated then. */
export async function bytesOnWasm(run: (engine: Engine, look: () => void) => Promise<unknown>): Promise<Bytes> {
  const [engine, planner] = [await wasmEngine(), abstractEngine(fusedKernels(null))];
  const reserve: Engine["reserve"] = (held, program) => {
    program(planner.kernels, held);
    engine.reserve(held, program);
  };
  let allocated = NaN;
  const look = (): void => {
    allocated = engine.memory().fresh;
  };
  await run({ ...engine, reserve }, look);
  const { live } = engine.memory();
  engine.close();
  return { planned: planner.memory().fresh, allocated, live };
}
