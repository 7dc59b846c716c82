/** How kernels reach the memory of an engine; everything that they do is reported to its command replay. */
import type { Tensor } from "../../tensor/tensor.ts";
import type { HeapAccess, HeapBlock } from "../heap.ts";
import type { Machine } from "./machine.ts";
import type { Replay } from "./replay.ts";
import type { Access, Run, WebgpuPrecision } from "./run.ts";

/** @param blockOf the block of a live tensor */
export function accessOn(machine: Machine, precision: WebgpuPrecision, blockOf: (t: Tensor) => HeapBlock, replay: Replay): Access {
  const run: Run = (dispatch, ...tensors) => {
    if (dispatch.groups[0] === 0) return;
    const memories = tensors.map((t) => (typeof t === "string" || !("block" in t) ? t : blockOf(t)));
    machine.dispatch(machine.issued?.(dispatch) ?? dispatch, memories);
    replay.dispatched(dispatch, memories);
  };
  return {
    capabilities: machine.capabilities,
    precision,
    run,
    storage: (t) => (blockOf(t).elementBytes === 2 ? "f16" : "f32"),
    slabOf: (t) => {
      replay.invalidate();
      const [{ address }, { span }] = [blockOf(t), machine.layout];
      return { slab: Math.floor(address / span), offset: address % span };
    },
    upload: (to, data) => {
      replay.invalidate();
      machine.upload(typeof to === "string" ? to : blockOf(to), data);
    },
    scratch: "scratch",
    faults: "faults",
  };
}

export const heapAccessWith = (plain: HeapAccess, replay: Replay): HeapAccess => ({
  ...plain,
  keep: (t, shape, elementBytes) => {
    const made = plain.keep(t, shape, elementBytes);
    replay.kept(t, shape, elementBytes, made.address);
    return made;
  },
  takeOver: (t) => {
    replay.invalidate();
    return plain.takeOver(t);
  },
});
