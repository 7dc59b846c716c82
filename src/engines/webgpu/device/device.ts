/** A device as a machine: slabs of memory (slabs.ts), and commands that are encoded and submitted together (commands.ts). */
import type { Asynchronous } from "../../../kernels/engine.ts";
import { MemoryError } from "../../../tensor/errors.ts";
import { neededBuffers } from "./allocation.ts";
import type { BoundMemory } from "./boundDispatches.ts";
import { capabilitiesOf, usage, type UsableMatrices } from "../capabilities.ts";
import { Commands, UPLOAD_BYTES } from "./commands.ts";
import { DeviceFailure } from "./failure.ts";
import { uploadDispatch } from "../kernels/upload.ts";
import type { Machine } from "../machine.ts";
import type { Operand } from "./pipelines.ts";
import { FAULT_BYTES, SCRATCH_BYTES, type EngineBuffer } from "../run.ts";
import { SubmitWork } from "./submitWork.ts";
import { slabLayout, slabsOn } from "./slabs.ts";

export interface DeviceMachine extends Machine, Asynchronous {
  /** Destroys the device. */
  readonly close: () => void;
}

/** The operand that is known for a key, as long as the length of its binding is the same. */
function remembered(known: Map<number, Operand>, key: number, bytes: number, make: () => Operand): Operand {
  const found = known.get(key);
  if (found?.bytes === bytes) return found;
  const made = make();
  known.set(key, made);
  return made;
}

/**
 * @param slab the longest buffer, in bytes
 * @param matrices the matrix units that programs may use; null: none
 * @param submitWork the most work of one command buffer, in seconds as submitWork.ts estimates them; null: the bound for such adapters
 * @throws RangeError for a device that is lost
 */
export function machineOn(
  device: GPUDevice,
  slab: number,
  { matrices = null, submitWork = null }: { readonly matrices?: UsableMatrices | null; readonly submitWork?: number | null } = {},
): DeviceMachine {
  const capabilities = capabilitiesOf(device, matrices);
  const layout = slabLayout(capabilities, slab);
  const failure: DeviceFailure = new DeviceFailure(device, () => slabs.bytes());
  const slabs = slabsOn(device, layout, failure);
  const needed = neededBuffers(device, failure);
  const made = (label: EngineBuffer | "uploads", bytes: number): Operand => ({
    key: label,
    buffer: needed.make({ label, size: bytes, usage: usage.storage }),
    offset: 0,
    bytes,
  });
  const buffers: Readonly<Record<EngineBuffer | "uploads", Operand>> = {
    scratch: made("scratch", SCRATCH_BYTES),
    faults: made("faults", FAULT_BYTES),
    uploads: made("uploads", UPLOAD_BYTES),
  };

  const operands = new Map<number, Operand>();
  const whole = new Map<number, Operand>();
  const operandOf = (memory: BoundMemory): Operand => {
    if (typeof memory === "string") return buffers[memory];
    if ("slab" in memory) {
      const { slab } = memory;
      const { buffer, offset } = slabs.locate(slab * layout.span);
      return remembered(whole, slab, buffer.size, () => ({ key: `slab ${slab}`, buffer, offset, bytes: buffer.size }));
    }
    const { address, bytes } = memory;
    return remembered(operands, address, bytes, () => ({ key: `${address} ${bytes}`, ...slabs.locate(address), bytes }));
  };

  const work = new SubmitWork(capabilities, submitWork);
  const commands = new Commands({ device, operandOf, failure, needed, work });

  return {
    capabilities,
    layout,
    reach: slabs.reach,
    reserve: (end) => {
      commands.prepareReads();
      slabs.reach(end);
    },
    capacity: () => (failure.error instanceof MemoryError ? 0 : slabs.capacity()),
    allocated: async () => {
      await needed.settled();
      failure.check();
      await slabs.settled();
    },
    reserved: slabs.bytes,
    dispatch: (dispatch, memories) => commands.dispatch(dispatch, memories),
    upload: (to, data) => {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      if (data.length === 0) return;
      const isUploaded = commands.upload(bytes, (offset) => uploadDispatch(data.byteLength / 4, offset / 4), [to, "uploads"]);
      if (!isUploaded) commands.write(operandOf(to), bytes);
    },
    read: (memory, bytes) => commands.read(operandOf(memory), bytes),
    finish: commands.finish,
    sent: commands.sent,
    stopwatch: commands.stopwatch,
    smallerWork: () => work.half,
    close: () => {
      commands.close();
      slabs.destroy();
      device.destroy();
    },
  };
}
