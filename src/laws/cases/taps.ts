/** Intermediate results of a run: the outputs of ops by path, and the cotangents that reach them. */
import type { HostArray, Leaves } from "../../check/host.ts";
import { evaluate } from "../../check/host.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { observe } from "../../ops/observe.ts";
import { named } from "../../tensor/tree.ts";

/** The outputs of the ops at `paths` and, as `cotangents/PATH`, the cotangents of those outputs; the leaves of a record are named `PATH.KEY`. */
export async function taps(engine: Engine, run: (k: Kernels) => unknown, paths: readonly string[]): Promise<Leaves> {
  const reads: Promise<readonly [string, HostArray]>[] = [];
  const see = (path: string, tree: unknown): void => {
    if (!paths.includes(path)) return;
    for (const [name, t] of named(tree))
      reads.push(
        engine.read(t).then((data) => [name === "" ? path : `${path}.${name}`, { shape: t.shape, data: Float64Array.from(data) }] as const),
      );
  };
  await evaluate(engine, (k) => {
    run(
      observe(k, {
        before: (call) => call.phase === "vjp" && see(`cotangents/${call.path}`, call.dOut),
        after: (call, out) => call.phase === "forward" && see(call.path, out),
      }),
    );
    return null;
  });
  return new Map(await Promise.all(reads));
}
