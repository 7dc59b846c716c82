/** The engine without a device: every launch is made, told to someone, and never run. For those who ask what a program would cost. */
import type { Engine } from "../../kernels/engine.ts";
import type { Loops } from "../region.ts";
import { engineOn } from "./engine.ts";
import type { DeviceCapabilities } from "./capabilities.ts";
import { FEW_BYTES, uploadLaunch } from "./kernels/upload.ts";
import type { Bindable, Machine } from "./machine.ts";
import type { Launch } from "./program.ts";
import type { WebgpuPrecision } from "./run.ts";
import { layoutOf } from "./slabs.ts";

export interface PlanningOptions {
  /** Of the device that it plans for. */
  readonly facts: DeviceCapabilities;
  readonly precision: WebgpuPrecision;
  /** Told of each launch, and of the bytes of each tensor that it binds. */
  readonly launched: (launch: Launch, bytes: readonly number[]) => void;
  /** Run beside the loop of each basis kernel, after it. */
  readonly beside: Loops;
}

/** Of the engine's own memory nothing is told. */
const bytesOf = (memories: readonly Bindable[]): readonly number[] =>
  memories.flatMap((memory) => (typeof memory === "string" ? [] : [memory.bytes]));

/** `read` has nothing to give and rejects. */
export function planningEngine({ facts, precision, launched, beside }: PlanningOptions): Engine {
  let reserved = 0;
  const machine: Machine = {
    facts,
    layout: layoutOf(facts, Infinity),
    reach: (end) => {
      reserved = Math.max(reserved, end);
    },
    reserved: () => reserved,
    launch: (launch, memories) => launched(launch, bytesOf(memories)),
    upload: (to, data) => {
      if (data.length > 0 && data.byteLength <= FEW_BYTES) launched(uploadLaunch(data.length, 0), bytesOf([to]));
    },
    read: () => Promise.reject(new Error("webgpu: a plan has shapes and no numbers")),
  };
  return engineOn(machine, { precision, capacity: Infinity, poison: false, beside });
}
