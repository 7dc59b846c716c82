/**
 * The WebGPU engine: f32, kernels in WGSL on a device that is given. Tensors lie in slabs at the heap's addresses (slabs.ts); kernels are
 * collected and sent together (commands.ts), and no number comes back before it is asked for.
 */
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { MemoryError } from "../../tensor/errors.ts";
import { widenHalf } from "../../tensor/half.ts";
import { size, type Tensor } from "../../tensor/tensor.ts";
import { mapTree } from "../../tensor/tree.ts";
import { heapRegions, type HeapBlock } from "../heap.ts";
import { kernelsOf } from "../region.ts";
import { commandsOn } from "./commands.ts";
import { factsOf, usage } from "./facts.ts";
import { fusedKernels } from "./fused.ts";
import { each, elementwise, fill } from "./kernels/elementwise.ts";
import { matmul } from "./kernels/matmul.ts";
import { move } from "./kernels/move.ts";
import { reduce } from "./kernels/reduce.ts";
import { uploadLaunch } from "./kernels/upload.ts";
import type { Operand } from "./pipelines.ts";
import type { Launch } from "./program.ts";
import { SCRATCH_BYTES, type Access } from "./run.ts";
import { layoutOf, slabsOn } from "./slabs.ts";

export interface WebgpuOptions {
  /** The caller's; the engine destroys it when it is closed. */
  readonly device: GPUDevice;
  /** The most that tensors may take, in bytes: a device does not tell how much memory it has. Default: no bound. */
  readonly memory?: number;
  /** Tensors lie in buffers of at most so many bytes. Default: as long as the device can bind, and no longer than 1 GiB. */
  readonly slab?: number;
  /** Memory that is taken is filled with NaN, so that nothing reads what nobody wrote. Default false. */
  readonly poison?: boolean;
}

export interface WebgpuEngine extends Engine {
  /** All kernels so far are done. */
  readonly finish: () => Promise<void>;
  /** Command buffers sent so far, and launches in them. */
  readonly sent: () => { readonly submits: number; readonly launches: number };
}

const NAN_WORD = 0x7fc00000;
const FAULT_BYTES = 16;

/**
 * A new engine on a device.
 *
 * @throws RangeError for a device that is lost
 */
export function webgpuEngine({ device, memory: capacity = Infinity, slab = Infinity, poison = false }: WebgpuOptions): WebgpuEngine {
  const facts = factsOf(device);
  const layout = layoutOf(facts, slab);
  const slabs = slabsOn(device, layout);
  const commands = commandsOn(device);
  const own = (label: string, bytes: number): Operand => ({
    key: label,
    buffer: device.createBuffer({ label, size: bytes, usage: usage.storage }),
    offset: 0,
    bytes,
  });
  const [scratch, faults] = [own("scratch", SCRATCH_BYTES), own("faults", FAULT_BYTES)];

  const done = { kernels: 0, macs: 0 };
  const count = (kernels: number, macs: number): void => {
    done.kernels += kernels;
    done.macs += macs;
  };
  let planning = false;
  const reach = (end: number): void => {
    if (planning) return;
    if (end > capacity) throw new MemoryError("webgpu", { needed: end, capacity });
    slabs.reach(end);
  };
  const operands = new Map<number, Operand>();
  const operandAt = (address: number, bytes: number): Operand => {
    const known = operands.get(address);
    if (known !== undefined) return known; // blocks of one address are of one length
    const made = { key: `${address}`, ...slabs.place(address), bytes };
    operands.set(address, made);
    return made;
  };
  const taken = ({ address, bytes }: HeapBlock): void => {
    if (poison && !planning) commands.launch(fill(bytes / 4, NAN_WORD), [operandAt(address, bytes)]);
  };
  const { heap, trial, regions, take, access } = heapRegions(0, { reach, taken }, layout);
  const operandOf = (t: Tensor): Operand => {
    const { address, bytes } = regions.live(t, "webgpu");
    return operandAt(address, bytes);
  };
  const run = (launch: Launch, ...tensors: readonly (Tensor | Operand)[]): void => {
    if (launch.groups[0] === 0) return;
    commands.launch(
      launch,
      tensors.map((t) => ("key" in t ? t : operandOf(t))),
    );
  };
  const upload = (to: Tensor, data: Float32Array): void => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const staged = commands.stage(bytes);
    if (staged === null) commands.write(operandOf(to), bytes);
    else run({ ...uploadLaunch(data.length, staged.offset / 4), groups: each(data.length) }, to, staged.operand);
  };
  const storage: Access["storage"] = (t) => (regions.live(t, "webgpu").elementBytes === 2 ? "f16" : "f32");
  const kernelAccess: Access = { facts, run, storage, upload, scratch, faults };
  const loops = { ...elementwise(kernelAccess), ...reduce(kernelAccess), ...move(kernelAccess), matmul: matmul(kernelAccess) };
  const heapAccess = access((macs) => count(1, macs));
  const kernels = kernelsOf({ regions, take, loops, fused: fusedKernels(kernelAccess, heapAccess), count });
  const plan = kernelsOf({
    regions,
    take,
    loops: null,
    fused: fusedKernels({ ...kernelAccess, run: () => undefined }, heapAccess),
    count: () => undefined,
  });

  /** How far the memory must reach for a program: what is taken already, and what the top of the heap rises by while it runs. */
  const planned = <T>(held: T, program: (k: Kernels, held: T) => unknown): number => {
    let bytes = 0;
    planning = true;
    try {
      trial((top) =>
        plan.region("plan", () => {
          const standIn = mapTree(held, (t) => plan.zeros(t.shape));
          const before = top();
          program(plan, standIn);
          bytes = top() - before;
          return null;
        }),
      );
    } finally {
      planning = false;
    }
    return heap.report().top + bytes;
  };

  const read = async (t: Tensor): Promise<Float32Array> => {
    const half = storage(t) === "f16";
    const n = size(t.shape);
    const bytes = commands.read(operandOf(t), half ? 2 * n : 4 * n);
    const fault = commands.read(faults, FAULT_BYTES);
    const [data, told] = await Promise.all([bytes, fault]);
    const [wrong, where = 0] = new Uint32Array(told);
    if (wrong === 1) throw new RangeError(`oneHot: label ${new Float32Array(told)[2]} at ${where} is not one of the classes`);
    return half ? Float32Array.from(widenHalf(new Uint16Array(data))) : new Float32Array(data);
  };

  return {
    name: "webgpu",
    precision: "f32",
    kernels,
    read,
    release: (tree) => regions.release(tree, "released"),
    reserve: (held, program) => reach(planned(held, program)),
    plan: (held, program) => Math.max(slabs.bytes(), planned(held, program)),
    capacity,
    memory: () => {
      const { live, peak, top } = heap.report();
      return { live, peak, fresh: top, reserved: slabs.bytes() };
    },
    counters: () => ({ ...done }),
    finish: commands.finish,
    sent: commands.sent,
    close: () => {
      commands.close();
      slabs.destroy();
      device.destroy();
    },
  };
}
