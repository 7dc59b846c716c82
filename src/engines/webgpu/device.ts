/** A device as a machine: slabs of memory (slabs.ts), and launches that are collected and sent together (commands.ts). */
import type { Asynchronous } from "../../kernels/engine.ts";
import { commandsOn, UPLOAD_BYTES, type Place } from "./commands.ts";
import { capabilitiesOf, usage } from "./capabilities.ts";
import { uploadLaunch } from "./kernels/upload.ts";
import type { Machine } from "./machine.ts";
import type { Operand } from "./pipelines.ts";
import { FAULT_BYTES, SCRATCH_BYTES, type Own } from "./run.ts";
import { layoutOf, slabsOn } from "./slabs.ts";

export interface DeviceMachine extends Machine, Asynchronous {
  /** Ends the device. */
  readonly close: () => void;
}

/** There is one operand of a place, as long as it is bound at one length. */
function remembered(known: Map<number, Operand>, key: number, bytes: number, make: () => Operand): Operand {
  const found = known.get(key);
  if (found?.bytes === bytes) return found;
  const made = make();
  known.set(key, made);
  return made;
}

/**
 * @param slab the longest buffer, in bytes
 * @throws RangeError for a device that is lost
 */
export function machineOn(device: GPUDevice, slab: number): DeviceMachine {
  const facts = capabilitiesOf(device);
  const layout = layoutOf(facts, slab);
  const slabs = slabsOn(device, layout);
  const made = (label: Own | "uploads", bytes: number): Operand => ({
    key: label,
    buffer: device.createBuffer({ label, size: bytes, usage: usage.storage }),
    offset: 0,
    bytes,
  });
  const own: Readonly<Record<Own | "uploads", Operand>> = {
    scratch: made("scratch", SCRATCH_BYTES),
    faults: made("faults", FAULT_BYTES),
    uploads: made("uploads", UPLOAD_BYTES),
  };

  const operands = new Map<number, Operand>();
  const whole = new Map<number, Operand>();
  const operandOf = (memory: Place): Operand => {
    if (typeof memory === "string") return own[memory];
    if ("slab" in memory) {
      const { slab } = memory;
      return remembered(whole, slab, layout.span, () => ({ key: `slab ${slab}`, ...slabs.place(slab * layout.span), bytes: layout.span }));
    }
    const { address, bytes } = memory;
    return remembered(operands, address, bytes, () => ({ key: `${address} ${bytes}`, ...slabs.place(address), bytes }));
  };

  const commands = commandsOn(device, operandOf);

  return {
    facts,
    layout,
    reach: slabs.reach,
    reserved: slabs.bytes,
    launch: commands.launch,
    upload: (to, data) => {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      const staged = commands.stage(bytes);
      if (staged === null) commands.write(operandOf(to), bytes);
      else if (data.length > 0) commands.launch(uploadLaunch(data.length, staged / 4), [to, "uploads"]);
    },
    read: (memory, bytes) => commands.read(operandOf(memory), bytes),
    finish: commands.finish,
    sent: commands.sent,
    stopwatch: commands.stopwatch,
    close: () => {
      commands.close();
      slabs.destroy();
      device.destroy();
    },
  };
}
