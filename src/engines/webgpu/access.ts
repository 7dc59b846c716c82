/** How kernels reach the memory of an engine. Their dispatches pass through the window (window.ts); all else that they do is reported to the command replay. */
import type { Tensor } from "../../tensor/tensor.ts";
import type { HeapAccess, HeapBlock } from "../heap.ts";
import type { Machine } from "./machine.ts";
import type { Replay } from "./replay/replay.ts";
import type { Access, Run, WebgpuPrecision } from "./run.ts";
import type { DispatchWindow } from "./window/window.ts";

interface AccessParts {
  readonly machine: Machine;
  readonly precision: WebgpuPrecision;
  /** The block of a live tensor. */
  readonly blockOf: (t: Tensor) => HeapBlock;
  readonly window: DispatchWindow;
  readonly replay: Replay;
}

export function accessOn({ machine, precision, blockOf, window, replay }: AccessParts): Access {
  const run: Run = (dispatch, ...tensors) => {
    if (dispatch.groups[0] === 0) return;
    window.add(
      machine.issued?.(dispatch) ?? dispatch,
      tensors.map((t) => (typeof t === "string" || !("block" in t) ? t : blockOf(t))),
    );
  };
  return {
    capabilities: machine.capabilities,
    precision,
    run,
    storage: (t) => (blockOf(t).elementBytes === 2 ? "f16" : "f32"),
    slabOf: (t) => {
      replay.invalidate();
      const [{ address }, { span }] = ["address" in t ? t : blockOf(t), machine.layout];
      return { slab: Math.floor(address / span), offset: address % span };
    },
    upload: (to, data) => {
      window.flush();
      replay.invalidate();
      machine.upload(typeof to === "string" ? to : blockOf(to), data);
    },
    scratch: "scratch",
    faults: "faults",
  };
}

export const heapAccessWith = (plain: HeapAccess, window: DispatchWindow, replay: Replay): HeapAccess => ({
  ...plain,
  keep: (t, shape, elementBytes) => {
    const made = plain.keep(t, shape, elementBytes);
    replay.kept(t, shape, elementBytes, made.address);
    return made;
  },
  takeOver: (t, withKept) => {
    window.flush(); // the memory gets another block
    replay.invalidate();
    return plain.takeOver(t, withKept);
  },
});
