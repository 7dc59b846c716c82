/** Activation checkpointing: less memory for more computation. */
import type { Kernels } from "../kernels/kernels.ts";
import type { Grads, Op } from "./op.ts";

/** What a rematerialised op saves: its arguments, from which its VJP recomputes the rest. */
export interface Rematerialised<In, Attrs> {
  /** The op's inputs. */
  readonly inputs: In;
  /** The op's attrs. */
  readonly attrs: Attrs;
}

/** The same op, but saving only its inputs: the VJP first recomputes the forward (phase `recompute`), with bitwise identical results. */
export function rematerialise<In, Saved, Attrs, Out>(op: Op<In, Saved, Attrs, Out>): Op<In, Rematerialised<In, Attrs>, Attrs, Out> {
  return Object.freeze({
    name: op.name,
    forward: (k: Kernels, inputs: In, attrs: Attrs) => {
      const { out } = op.forward(k.within({ saves: false, last: null }), inputs, attrs);
      return { out, saved: { inputs, attrs } };
    },
    vjp: (k: Kernels, { inputs, attrs }: Rematerialised<In, Attrs>, dOut: Grads<Out>) => {
      const recomputed = (): Grads<In> => {
        const { saved } = op.forward(k.within({ recomputing: true, saves: true, last: null }), inputs, attrs);
        return op.vjp(k.within({ last: null }), saved, dOut);
      };
      return k.region(`${op.name} recomputed`, recomputed, undefined, k.scope.last);
    },
  });
}
