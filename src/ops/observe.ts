/** Other ways to run the same program: under observation, without saving for a VJP, and with or without fused kernels. */
import type { Fused, FusedTable, Kernels, Visitor } from "../kernels/kernels.ts";
import { isTensor, type Tensor } from "../tensor/tensor.ts";

/** k whose every call of an op is shown to `visitor`. Visitors nest: before an op the outermost is called first, after it last. */
export function observe(k: Kernels, visitor: Visitor): Kernels {
  const outer = k.scope.visitor;
  return k.within({ visitor: outer === null ? visitor : both(outer, visitor) });
}

function both(outer: Visitor, inner: Visitor): Visitor {
  const seen: Visitor = {
    before: (call) => {
      outer.before?.(call);
      inner.before?.(call);
    },
    after: (call, out) => {
      inner.after?.(call, out);
      outer.after?.(call, out);
    },
  };
  if (outer.replace === undefined && inner.replace === undefined) return seen;
  const replace: Visitor["replace"] = (call, t) => {
    const first = inner.replace?.(call, t) ?? t;
    return outer.replace?.(call, first) ?? first;
  };
  return { ...seen, replace };
}

/** A visitor that calls `show` with the output of each op of the forward pass, if it is a tensor, and the op's path. */
export const outputs = (show: (path: string, t: Tensor) => void): Visitor => ({
  after: ({ phase, path }, out) => {
    if (phase === "forward" && typeof out === "object" && out !== null && isTensor(out)) show(path, out);
  },
});

/** k for inference: what an op saves for its VJP is freed when the op returns. */
export const inference = (k: Kernels): Kernels => k.within({ saves: false });

/** k for weights that stay the same between calls: an engine may cache what it derives from them, for as long as they are alive. */
export const constantWeights = (k: Kernels): Kernels => k.within({ constantWeights: true });

/** k that runs these ops by their definitions, so that visitors see their parts. */
export function withoutFusion(k: Kernels, ...ops: readonly object[]): Kernels {
  const { fused } = k.scope;
  return k.within({ fused: { get: (op) => (ops.includes(op) ? undefined : fused.get(op)) } });
}

/** k that runs every op and every routine by its definition. */
export const unfused = (k: Kernels): Kernels => k.within({ fused: { get: () => undefined } });

/** An op and the kernel that an engine runs instead of its definition. */
type Entry = readonly [op: object, kernel: object];

/** Pairs an op or routine with a fused kernel of its type: the same inputs, attributes, output and saved record. */
export const fuse = <O extends object>(op: O, kernel: Fused<NoInfer<O>>): Entry => [op, kernel];

/** The fused kernels of an engine. */
export function fusedTable(...entries: readonly Entry[]): FusedTable {
  const table = new Map<object, object>(entries);
  return { get: <O extends object>(op: O) => table.get(op) as Fused<O> | undefined }; // sound because `fuse` paired the types
}
