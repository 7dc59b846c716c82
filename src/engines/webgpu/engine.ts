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
import { kernelsOf, type Capturable, type Loops } from "../region.ts";
import { accessOn, heapAccessWith } from "./access.ts";
import type { ReplayBackend } from "./replay/capture.ts";
import { machineOn, type DeviceMachine } from "./device/device.ts";
import type { MatrixReport } from "./device/probe.ts";
import { checkingFaults, type Checked } from "./faults.ts";
import { fusedKernels } from "./fused/table.ts";
import { elementwise, fill } from "./kernels/elementwise.ts";
import { NAN_WORD } from "./kernels/math.ts";
import { matmul } from "./kernels/matmul.ts";
import { move } from "./kernels/move.ts";
import { reduce } from "./kernels/reduce.ts";
import type { Machine } from "./machine.ts";
import { Replay } from "./replay/replay.ts";
import type { Access, WebgpuPrecision } from "./run.ts";
import { settled } from "./settled.ts";
import { USUAL_SLAB } from "./device/slabs.ts";
import { DispatchWindow } from "./window/window.ts";

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
  /** What `probeMatrixUnits(device)` has found. Default null: no program uses matrix units. */
  readonly matrixUnits?: MatrixReport | null;
  /**
   * The most work of one command buffer, in seconds on a slow adapter. Default: far less than what drivers reset a device for, and more where the device
   * turns out to be fast. After a device loss, `smallerWork` of the engine gives the value for the next.
   */
  readonly submitWork?: number | null;
  /**
   * Fills memory with NaN when it is taken, to reveal reads of what was never written. Default false. A replay takes memory before the dispatches that
   * epilogues have delayed, so with both no op is replayed.
   */
  readonly poison?: boolean;
  /** Runs what works element by element as the epilogue of what it follows, where it can (window/window.ts). The results are bitwise identical. Default true. */
  readonly epilogues?: boolean;
}

/** An asynchronous engine: kernels return at once, and the device does them later. */
export type WebgpuEngine = Engine & Asynchronous;

export interface EngineSettings {
  readonly precision: WebgpuPrecision;
  /** The most that tensors may take, in bytes. */
  readonly capacity: number;
  readonly poison: boolean;
  readonly epilogues: boolean;
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

/** An engine on a machine. */
export interface MachineEngine extends Engine {
  /** Gives the machine the dispatches that are still held back. */
  readonly settle: () => void;
}

/** Reads n numbers of a block, and the fault that a kernel may have left. */
async function readBlock({ machine, check }: Checked<Machine>, block: HeapBlock, n: number): Promise<Float32Array> {
  const isHalf = block.elementBytes === 2;
  const [data] = await Promise.all([machine.read(block, n * block.elementBytes), check()]);
  return isHalf ? Float32Array.from(widenHalf(new Uint16Array(data))) : new Float32Array(data);
}

/** Captures or replays, with nothing held back before and after, so that an op does the same wherever it is called. */
const settledAround =
  (window: DispatchWindow, capturable: Capturable | null): Capturable =>
  (what, given, f) => {
    const settled = (): unknown => {
      const result = f();
      window.flush();
      return result;
    };
    window.flush();
    return given === null || capturable === null ? settled() : capturable(what, given, settled);
  };

/** A new engine on a machine. */
export const engineOn = (machine: Machine, settings: EngineSettings): MachineEngine => engineWith(checkingFaults(machine), settings);

function engineWith(checked: Checked<Machine>, { precision, capacity, poison, epilogues, afterKernel }: EngineSettings): MachineEngine {
  const { machine } = checked;
  const { count, counters } = counter();
  const within = (needed: number, most: number): number => {
    if (needed > most) throw new MemoryError("webgpu", { needed, capacity: most });
    return needed;
  };
  const reachable = (end: number): number => within(end, Math.min(capacity, machine.capacity()));
  const taken = (block: HeapBlock): void => {
    replay.taken(block);
    window.taken(block);
    if (!poison) return;
    if (window.uses(block)) window.flush();
    machine.dispatch(fill(block.bytes / 4, NAN_WORD), [block]);
  };
  const freed = (block: HeapBlock): void => {
    replay.freed(block);
    window.freed(block);
    if (block.kept !== null) window.freed(block.kept);
  };
  const memory = heapRegions(0, { reach: (end) => machine.reach(reachable(end)), taken, freed }, machine.layout);
  const { heap, trial, regions, take, access } = memory;
  const plainAccess = access((macs) => count(1, macs));
  const replay = new Replay({
    ...memoryCommands(memory, plainAccess),
    dispatch: machine.dispatch,
    count,
    counters,
  });
  const window = new DispatchWindow(
    (dispatch, memories) => {
      machine.dispatch(dispatch, memories);
      replay.dispatched(dispatch, memories);
    },
    machine.capabilities.limits.maxStorageBuffersPerShaderStage,
    epilogues ? undefined : 0,
  );
  const blockOf = (t: Tensor): HeapBlock => regions.live(t, "webgpu");
  const kernelAccess = accessOn({ machine, precision, blockOf, window, replay });
  const heapAccess = heapAccessWith(plainAccess, window, replay);
  const loops = loopsOn(kernelAccess);
  const kernels = kernelsOf({
    regions,
    take,
    loops: afterKernel === null ? loops : inTurn(loops, afterKernel),
    fused: fusedKernels(kernelAccess, heapAccess),
    count,
    capturable: settledAround(window, afterKernel === null && !(poison && epilogues) ? replay.capturable : null),
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
    read: async (t) => {
      const block = blockOf(t);
      window.flush();
      return readBlock(checked, block, size(t.shape));
    },
    release: (tree) => regions.release(tree, "released"),
    reserve: (held, program) => machine.reserve(reachable(planned(held, program))),
    plan: (held, program) => Math.max(machine.reserved(), within(planned(held, program), machine.capacity())),
    capacity,
    memory: () => memoryReport(memory, machine),
    counters,
    close: () => undefined,
    settle: () => window.flush(),
  };
}

/** A new engine on the machine of a device. */
export function deviceEngine(machine: DeviceMachine, settings: EngineSettings): WebgpuEngine {
  const checked = checkingFaults(machine);
  const { settle, ...engine } = engineWith(checked, settings);
  return { ...engine, ...settled(checked, settle), close: machine.close };
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
  matrixUnits = null,
  poison = false,
  epilogues = true,
}: WebgpuOptions): WebgpuEngine {
  return deviceEngine(machineOn(device, slab, { matrices: matrixUnits, submitWork }), {
    precision,
    capacity: memory,
    poison,
    epilogues,
    afterKernel: null,
  });
}
