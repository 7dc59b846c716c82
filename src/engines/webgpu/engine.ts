/**
 * The WebGPU engine: f32, kernels in WGSL. What runs them is a machine (machine.ts): a device that is given, where no number comes back
 * before it is asked for.
 */
import type { Asynchronous, Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { MemoryError } from "../../tensor/errors.ts";
import { widenHalf } from "../../tensor/half.ts";
import { size, type Tensor } from "../../tensor/tensor.ts";
import { counter } from "../counters.ts";
import { heapRegions, type HeapAccess, type HeapBlock } from "../heap.ts";
import { plannedTop } from "../plan.ts";
import { kernelsOf, type Loops } from "../region.ts";
import { machineOn } from "./device.ts";
import { fusedKernels } from "./fused/table.ts";
import { elementwise, fill } from "./kernels/elementwise.ts";
import { matmul } from "./kernels/matmul.ts";
import { move } from "./kernels/move.ts";
import { reduce } from "./kernels/reduce.ts";
import type { Machine } from "./machine.ts";
import { replayOf } from "./replay.ts";
import { FAULT_BYTES, type Access, type Run, type WebgpuPrecision } from "./run.ts";

/** The device of a WebGPU engine, and how it is used. */
export interface WebgpuOptions {
  /** The caller's; the engine destroys it when it is closed. */
  readonly device: GPUDevice;
  /** The most that tensors may take, in bytes: a device does not tell how much memory it has. Default: no bound. */
  readonly memory?: number;
  /** Tensors lie in buffers of at most so many bytes. Default: as long as the device can bind, and no longer than 1 GiB. */
  readonly slab?: number;
  /**
   * `f16`: activations in half of the memory, and products on the matrix units that adapters have for f16; with losses scaled (train/optimizer/lossScale.ts), as
   * small gradients would vanish. Default `f32`.
   */
  readonly precision?: WebgpuPrecision;
  /** Memory that is taken is filled with NaN, so that nothing reads what nobody wrote. Default false. */
  readonly poison?: boolean;
}

/** An engine whose kernels return at once and are done later, on the device. */
export type WebgpuEngine = Engine & Asynchronous;

const NAN_WORD = 0x7fc00000;

export interface EngineSettings {
  readonly precision: WebgpuPrecision;
  /** The most that tensors may take, in bytes. */
  readonly capacity: number;
  readonly poison: boolean;
  /** Run beside the loop of each basis kernel, after it; null: nothing is. */
  readonly beside: Loops | null;
}

/** Both loops of each kernel. */
const both = (first: Loops, second: Loops): Loops =>
  new Proxy(first, {
    get: (_, name) => {
      const loops: readonly ((...args: never[]) => void)[] = [Reflect.get(first, name), Reflect.get(second, name)];
      return (...args: never[]) => loops.forEach((loop) => loop(...args));
    },
  });

/** An engine on a machine. */
export function engineOn(machine: Machine, { precision, capacity, poison, beside }: EngineSettings): Engine {
  const { count, counters } = counter();
  const reach = (end: number): void => {
    if (end > capacity) throw new MemoryError("webgpu", { needed: end, capacity });
    machine.reach(end);
  };
  const taken = (block: HeapBlock): void => {
    replay.taken(block);
    if (poison) machine.launch(fill(block.bytes / 4, NAN_WORD), [block]);
  };
  const { heap, trial, regions, take, access } = heapRegions(0, { reach, taken, freed: (block) => replay.freed(block) }, machine.layout);
  const blockOf = (t: Tensor): HeapBlock => regions.live(t, "webgpu");
  const run: Run = (launch, ...tensors) => {
    if (launch.groups[0] === 0) return;
    const memories = tensors.map((t) => (typeof t === "string" || !("block" in t) ? t : blockOf(t)));
    machine.launch(launch, memories);
    replay.launched(launch, memories);
  };
  const storage: Access["storage"] = (t) => (blockOf(t).elementBytes === 2 ? "f16" : "f32");
  const place: Access["place"] = (t) => {
    replay.spoilt();
    const [{ address }, { span }] = [blockOf(t), machine.layout];
    return { slab: Math.floor(address / span), offset: address % span };
  };
  const upload: Access["upload"] = (to, data) => {
    replay.spoilt();
    machine.upload(typeof to === "string" ? to : blockOf(to), data);
  };
  const kernelAccess: Access = { facts: machine.facts, precision, run, storage, place, upload, scratch: "scratch", faults: "faults" };
  const loops = { ...elementwise(kernelAccess), ...reduce(kernelAccess), ...move(kernelAccess), matmul: matmul(kernelAccess) };
  const plainAccess = access((macs) => count(1, macs));
  const heapAccess: HeapAccess = {
    ...plainAccess,
    keep: (t, shape, elementBytes) => {
      const made = plainAccess.keep(t, shape, elementBytes);
      replay.kept(t, shape, elementBytes, made.address);
      return made;
    },
    takeOver: (t) => {
      replay.spoilt();
      return plainAccess.takeOver(t);
    },
  };
  const replay = replayOf({
    isLive: (block) => regions.isLive(block),
    take: (bytes, elementBytes) => take([bytes / elementBytes], elementBytes),
    free: (block) => regions.free(block),
    keep: plainAccess.keep,
    launch: machine.launch,
    count,
    done: counters,
  });
  const kernels = kernelsOf({
    regions,
    take,
    loops: beside === null ? loops : both(loops, beside),
    fused: fusedKernels(kernelAccess, heapAccess),
    count,
    ...(beside === null ? { capturable: replay.capturable } : {}),
  });
  const plan = kernelsOf({
    regions,
    take,
    loops: null,
    fused: fusedKernels({ ...kernelAccess, run: () => undefined, upload: () => undefined }, heapAccess),
    count: () => undefined,
  });

  const planned = <T>(held: T, program: (k: Kernels, held: T) => unknown): number => plannedTop({ heap, trial }, plan, held, program);

  const read = async (t: Tensor): Promise<Float32Array> => {
    const half = storage(t) === "f16";
    const n = size(t.shape);
    const bytes = machine.read(blockOf(t), half ? 2 * n : 4 * n);
    const fault = machine.read("faults", FAULT_BYTES);
    const [data, told] = await Promise.all([bytes, fault]);
    const [wrong, where = 0] = new Uint32Array(told);
    if (wrong === 1) machine.launch(fill(1, 0), ["faults"]);
    if (wrong === 1) throw new RangeError(`oneHot: label ${new Float32Array(told)[2]} at ${where} is not one of the classes`);
    return half ? Float32Array.from(widenHalf(new Uint16Array(data))) : new Float32Array(data);
  };

  return {
    name: "webgpu",
    precision,
    kernels,
    read,
    release: (tree) => regions.release(tree, "released"),
    reserve: (held, program) => reach(planned(held, program)),
    plan: (held, program) => Math.max(machine.reserved(), planned(held, program)),
    capacity,
    memory: () => {
      const { live, peak, top } = heap.report();
      return { live, peak, fresh: top, reserved: machine.reserved() };
    },
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
  slab = Infinity,
  precision = "f32",
  poison = false,
}: WebgpuOptions): WebgpuEngine {
  const machine = machineOn(device, slab);
  const { finish, sent, stopwatch, close } = machine;
  return { ...engineOn(machine, { precision, capacity: memory, poison, beside: null }), finish, sent, stopwatch, close };
}
