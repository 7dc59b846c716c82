/** Activation checkpointing: memory for time. */
import type { Kernels } from "../kernels/kernels.ts";
import type { Grads, Op } from "./op.ts";

/** What is kept of an op that is run again in its pullback: what it was given. */
export interface Rematerialised<In, Attrs> {
  /** The op's inputs. */
  readonly inputs: In;
  /** The op's attrs. */
  readonly attrs: Attrs;
}

/** The same function, saving its inputs only: the pullback runs the forward again (phase `recompute`, equal bits). */
export function rematerialise<In, Saved, Attrs, Out>(op: Op<In, Saved, Attrs, Out>): Op<In, Rematerialised<In, Attrs>, Attrs, Out> {
  return Object.freeze({
    name: op.name,
    forward: (k: Kernels, inputs: In, attrs: Attrs) => {
      const { out } = op.forward(k.within({ saves: false, last: null }), inputs, attrs);
      return { out, saved: { inputs, attrs } };
    },
    vjp: (k: Kernels, { inputs, attrs }: Rematerialised<In, Attrs>, dOut: Grads<Out>) => {
      const again = (): Grads<In> => {
        const { saved } = op.forward(k.within({ recomputing: true, saves: true, last: null }), inputs, attrs);
        return op.vjp(k.within({ last: null }), saved, dOut);
      };
      return k.region(`${op.name} again`, again, undefined, k.scope.last);
    },
  });
}
