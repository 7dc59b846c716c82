/** The engine without a device: it makes every dispatch, reports it and runs none. For those who want to know what a program would cost. */
import type { Loops } from "../region.ts";
import type { DeviceCapabilities } from "./capabilities.ts";
import { engineOn, type MachineEngine } from "./engine.ts";
import { FEW_BYTES, uploadDispatch } from "./kernels/upload.ts";
import type { Bindable, Machine } from "./machine.ts";
import type { Dispatch } from "./program.ts";
import type { WebgpuPrecision } from "./run.ts";
import { slabLayout, USUAL_SLAB } from "./slabs.ts";

export interface PlanningOptions {
  /** What the device can do that it plans for. */
  readonly capabilities: DeviceCapabilities;
  readonly precision: WebgpuPrecision;
  /** Called with each dispatch, and with the bytes of each tensor that it binds. */
  readonly onDispatch: (dispatch: Dispatch, bytes: readonly number[]) => void;
  /** Run after the loop of each basis kernel, on the same arguments. */
  readonly afterKernel: Loops;
}

/** Bytes of the tensors; the engine's own buffers are not among them. */
const bytesOf = (memories: readonly Bindable[]): readonly number[] =>
  memories.flatMap((memory) => (typeof memory === "string" ? [] : [memory.bytes]));

/** An engine whose `read` rejects, since it computes no numbers. */
export function planningEngine({ capabilities, precision, onDispatch, afterKernel }: PlanningOptions): MachineEngine {
  let reserved = 0;
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
    dispatch: (dispatch, memories) => onDispatch(dispatch, bytesOf(memories)),
    upload: (to, data) => {
      if (data.length > 0 && data.byteLength <= FEW_BYTES) onDispatch(uploadDispatch(data.byteLength / 4, 0), bytesOf([to]));
    },
    read: () => Promise.reject(new Error("webgpu: a plan has shapes and no numbers; read from an engine on a device")),
  };
  return engineOn(machine, { precision, capacity: Infinity, poison: false, epilogues: true, afterKernel });
}
