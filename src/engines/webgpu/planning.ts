/** The engine without a device: it makes every dispatch, reports it and runs none. For those who want to know what a program would cost. */
import type { Loops } from "../region.ts";
import type { DeviceCapabilities } from "./capabilities.ts";
import { engineOn, type MachineEngine } from "./engine.ts";
import { FEW_BYTES, uploadDispatch } from "./kernels/upload.ts";
import type { Bindable, Machine } from "./machine.ts";
import type { Dispatch, Note, OperandUse } from "./program.ts";
import type { WebgpuPrecision } from "./run.ts";
import { slabLayout, USUAL_SLAB } from "./device/slabs.ts";

export interface PlanningOptions {
  /** What the device can do that it plans for. */
  readonly capabilities: DeviceCapabilities;
  readonly precision: WebgpuPrecision;
  /** Called with each dispatch when it is made, and with the bytes of each tensor that it binds. */
  readonly onDispatch?: (dispatch: Dispatch, bytes: readonly number[]) => void;
  /** Called at once when a kernel issues a dispatch; what it returns is called when the dispatch is made, which may be after the kernel has ended. */
  readonly issued?: (dispatch: Dispatch) => Note;
  /** Called with the bytes of each upload, large and small. */
  readonly onUpload?: (bytes: number) => void;
  /** Run after the loop of each basis kernel, on the same arguments. */
  readonly afterKernel: Loops;
}

/** Bytes of the tensors; the engine's own buffers are not among them. */
const bytesOf = (memories: readonly Bindable[]): readonly number[] =>
  memories.flatMap((memory) => (typeof memory === "string" ? [] : [memory.bytes]));

const lengthOf = (memory: Bindable, scratchBytes: number): number => {
  if (typeof memory !== "string") return memory.bytes;
  return memory === "scratch" ? scratchBytes : 0;
};

/** What a dispatch does with each piece of memory; a piece that it binds under several names counts once. */
function operandsOf({ program, scratchBytes = 0 }: Dispatch, memories: readonly Bindable[]): readonly OperandUse[] {
  const operands = new Map<Bindable, OperandUse>();
  for (const [i, memory] of memories.entries()) {
    const bytes = lengthOf(memory, scratchBytes);
    const { reads, writes } = program.uses[i] ?? { reads: false, writes: false };
    const parts = typeof memory !== "string" && "slab" in memory ? memory : { read: bytes, written: bytes };
    const before = operands.get(memory);
    operands.set(memory, {
      bytes,
      isScratch: memory === "scratch",
      read: Math.max(before?.read ?? 0, reads ? parts.read : 0),
      written: Math.max(before?.written ?? 0, writes ? parts.written : 0),
    });
  }
  return [...operands.values()];
}

/** An engine whose `read` rejects, since it computes no numbers. */
export function planningEngine(options: PlanningOptions): MachineEngine {
  const { capabilities, precision, onDispatch, issued, onUpload, afterKernel } = options;
  let reserved = 0;
  const asIssued = (dispatch: Dispatch): Dispatch => (issued === undefined ? dispatch : { ...dispatch, note: issued(dispatch) });
  const made = (dispatch: Dispatch, memories: readonly Bindable[]): void => {
    onDispatch?.(dispatch, bytesOf(memories));
    dispatch.note?.(dispatch, operandsOf(dispatch, memories));
  };
  const reach = (end: number): void => {
    reserved = Math.max(reserved, end);
  };
  const machine: Machine = {
    capabilities,
    layout: slabLayout(capabilities, USUAL_SLAB),
    reach,
    reserve: reach,
    capacity: () => Infinity,
    reserved: () => reserved,
    issued: asIssued,
    dispatch: made,
    upload: (to, data) => {
      onUpload?.(data.byteLength);
      if (data.length === 0 || data.byteLength > FEW_BYTES) return;
      made(asIssued({ ...uploadDispatch(data.byteLength / 4, 0), scratchBytes: data.byteLength }), [to]);
    },
    read: () => Promise.reject(new Error("webgpu: a plan has shapes and no numbers; read from an engine on a device")),
  };
  return engineOn(machine, { precision, capacity: Infinity, poison: false, epilogues: true, afterKernel });
}
