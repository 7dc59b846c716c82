/**
 * The WebGPU engine: kernels in WGSL, on a machine (machine.ts). On a device, kernels return at once, and numbers come back only when they are
 * read.
 */
import type { Asynchronous, Engine, MemoryReport } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { MemoryError } from "../../tensor/errors.ts";
import { widenHalf } from "../../tensor/half.ts";
import { size, type Tensor } from "../../tensor/tensor.ts";
import { counter } from "../counters.ts";
import { heapRegions, type HeapAccess, type HeapBlock, type HeapRegions } from "../heap.ts";
import { plannedTop } from "../plan.ts";
import { kernelsOf, type Loops } from "../region.ts";
import { accessOn, heapAccessWith } from "./access.ts";
import type { ReplayBackend } from "./capture.ts";
import { machineOn } from "./device.ts";
import { fusedKernels } from "./fused/table.ts";
import { elementwise, fill } from "./kernels/elementwise.ts";
import { matmul } from "./kernels/matmul.ts";
import { move } from "./kernels/move.ts";
import { reduce } from "./kernels/reduce.ts";
import type { Machine } from "./machine.ts";
import { Replay } from "./replay.ts";
import { USUAL_SLAB } from "./slabs.ts";
import { FAULT_BYTES, type Access, type WebgpuPrecision } from "./run.ts";

/** The device of a WebGPU engine, and how the engine uses it. */
export interface WebgpuOptions {
  /** The device, which the engine destroys when it is closed. */
  readonly device: GPUDevice;
  /** The most that tensors may take, in bytes. Default: all that the device has, which WebGPU does not say: it is found when memory is reserved. */
  readonly memory?: number;
  /** The longest buffer for tensors, and so the longest tensor, in bytes; Infinity: the longest that the device can bind. Default: that, and at most 1 GiB. */
  readonly slab?: number;
  /**
   * `f16`: activations take half of the memory, and matrix multiplications run on the matrix units that adapters have for f16. Training then needs
   * scaled losses (train/optimizer/lossScale.ts), as small gradients would vanish. Default `f32`.
   */
  readonly precision?: WebgpuPrecision;
  /**
   * The most work of one command buffer, in seconds on a slow adapter. Default: far less than what drivers reset a device for, and more where the device
   * turns out to be fast. After a device loss, `smallerWork` of the engine gives the value for the next.
   */
  readonly submitWork?: number | null;
  /** Fills memory with NaN when it is taken, to reveal reads of what was never written. Default false. */
  readonly poison?: boolean;
}

/** An asynchronous engine: kernels return at once, and the device does them later. */
export type WebgpuEngine = Engine & Asynchronous;

const NAN_WORD = 0x7fc00000;

export interface EngineSettings {
  readonly precision: WebgpuPrecision;
  /** The most that tensors may take, in bytes. */
  readonly capacity: number;
  readonly poison: boolean;
  /** Run after the loop of each basis kernel, on the same arguments; null: nothing is. */
  readonly afterKernel: Loops | null;
}

/** Loops that run those of `first`, then those of `second`. */
const inTurn = (first: Loops, second: Loops): Loops =>
  new Proxy(first, {
    get: (_, name) => {
      const loops: readonly ((...args: never[]) => void)[] = [Reflect.get(first, name), Reflect.get(second, name)];
      return (...args: never[]) => loops.forEach((loop) => loop(...args));
    },
  });

const loopsOn = (access: Access): Loops => ({ ...elementwise(access), ...reduce(access), ...move(access), matmul: matmul(access) });

/** How a replay takes, keeps and frees memory. */
const memoryCommands = (
  { regions, take }: HeapRegions,
  { keep }: HeapAccess,
): Pick<ReplayBackend, "isLive" | "take" | "keep" | "free"> => ({
  isLive: (block) => regions.isLive(block),
  take: (bytes, elementBytes) => take([bytes / elementBytes], elementBytes),
  keep,
  free: (block) => regions.free(block),
});

const memoryReport = ({ heap }: HeapRegions, { reserved }: Machine): MemoryReport => {
  const { live, peak, top } = heap.report();
  return { live, peak, fresh: top, reserved: reserved() };
};

/** Reads n numbers of a block, and the fault that a kernel may have left. */
async function readBlock(machine: Machine, block: HeapBlock, n: number): Promise<Float32Array> {
  const isHalf = block.elementBytes === 2;
  const [data, fault] = await Promise.all([machine.read(block, n * block.elementBytes), machine.read("faults", FAULT_BYTES)]);
  const [wrong, where = 0] = new Uint32Array(fault);
  if (wrong === 1) {
    machine.dispatch(fill(1, 0), ["faults"]);
    throw new RangeError(`oneHot: label ${new Float32Array(fault)[2]} at ${where} is not one of the classes`);
  }
  return isHalf ? Float32Array.from(widenHalf(new Uint16Array(data))) : new Float32Array(data);
}

/** A new engine on a machine. */
export function engineOn(machine: Machine, { precision, capacity, poison, afterKernel }: EngineSettings): Engine {
  const { count, counters } = counter();
  const checked = (needed: number, most: number): number => {
    if (needed > most) throw new MemoryError("webgpu", { needed, capacity: most });
    return needed;
  };
  const reachable = (end: number): number => checked(end, Math.min(capacity, machine.capacity()));
  const taken = (block: HeapBlock): void => {
    replay.taken(block);
    if (poison) machine.dispatch(fill(block.bytes / 4, NAN_WORD), [block]);
  };
  const memory = heapRegions(
    0,
    { reach: (end) => machine.reach(reachable(end)), taken, freed: (block) => replay.freed(block) },
    machine.layout,
  );
  const { heap, trial, regions, take, access } = memory;
  const plainAccess = access((macs) => count(1, macs));
  const replay = new Replay({
    ...memoryCommands(memory, plainAccess),
    dispatch: machine.dispatch,
    count,
    counters,
  });
  const blockOf = (t: Tensor): HeapBlock => regions.live(t, "webgpu");
  const kernelAccess = accessOn(machine, precision, blockOf, replay);
  const heapAccess = heapAccessWith(plainAccess, replay);
  const loops = loopsOn(kernelAccess);
  const kernels = kernelsOf({
    regions,
    take,
    loops: afterKernel === null ? loops : inTurn(loops, afterKernel),
    fused: fusedKernels(kernelAccess, heapAccess),
    count,
    ...(afterKernel === null ? { capturable: replay.capturable } : {}),
  });
  const plan = kernelsOf({
    regions,
    take,
    loops: null,
    fused: fusedKernels({ ...kernelAccess, run: () => undefined, upload: () => undefined }, heapAccess),
    count: () => undefined,
  });

  const planned = <T>(held: T, program: (k: Kernels, held: T) => unknown): number => plannedTop({ heap, trial }, plan, held, program);

  return {
    name: "webgpu",
    precision,
    kernels,
    read: async (t) => readBlock(machine, blockOf(t), size(t.shape)),
    release: (tree) => regions.release(tree, "released"),
    reserve: (held, program) => machine.reserve(reachable(planned(held, program))),
    plan: (held, program) => Math.max(machine.reserved(), checked(planned(held, program), machine.capacity())),
    capacity,
    memory: () => memoryReport(memory, machine),
    counters,
    close: () => undefined,
  };
}

/**
 * A new engine on a device.
 *
 * @throws RangeError for a device that is lost
 */
export function webgpuEngine({
  device,
  memory = Infinity,
  slab = USUAL_SLAB,
  submitWork = null,
  precision = "f32",
  poison = false,
}: WebgpuOptions): WebgpuEngine {
  const machine = machineOn(device, slab, submitWork);
  const { allocated, smallerWork, finish, sent, stopwatch, close } = machine;
  const engine = engineOn(machine, { precision, capacity: memory, poison, afterKernel: null });
  return { ...engine, allocated, smallerWork, finish, sent, stopwatch, close };
}
