/** The cost of each module of a program: multiply–adds, shape of the output, and bytes saved for the vjp. An observer of one run finds them. */
import type { Call, Visitor } from "../../kernels/kernels.ts";
import type { Engine } from "../../kernels/engine.ts";
import { size, type Shape, type Tensor } from "../../tensor/tensor.ts";
import { forEachTensor } from "../../tensor/tree.ts";

/** What one module of a network costs in one run. */
export interface ModuleCost {
  /** Multiply–adds of the matrix multiplications in the forward. */
  readonly macs: number;
  /** Shape of the output, or of its first tensor if it has several. */
  readonly shape: Shape;
  /** Bytes saved for the vjp, without the parameters. */
  readonly savedBytes: number;
}

const BYTES_PER_ELEMENT = 4;

/** The blocks of a tree, each with its number of elements. */
function blocksOf(tree: unknown): ReadonlyMap<object, number> {
  const blocks = new Map<object, number>();
  forEachTensor(tree, ({ shape, block }) => blocks.set(block, size(shape)));
  return blocks;
}

function firstTensor(tree: unknown): Tensor | null {
  const found: Tensor[] = [];
  forEachTensor(tree, (t) => found.push(t));
  return found[0] ?? null;
}

/** `s1.b1.conv1/convNorm` is part of the module `s1.b1.conv1`. */
const moduleOf = ({ path }: Call): string => path.split("/")[0] ?? path;

/**
 * An observer of one forward and one vjp, and the costs that it has found so far, by path.
 *
 * @param modules paths of the modules; the outermost op of each is measured
 * @param given tensors that are alive anyway, such as parameters, and so do not count as saved
 */
export function costVisitor(
  engine: Engine,
  modules: ReadonlySet<string>,
  given: unknown,
): {
  /** The observer, for `observe`. */
  readonly visitor: Visitor;
  /** The costs of the run so far, by module. */
  readonly costs: ReadonlyMap<string, ModuleCost>;
} {
  const costs = new Map<string, ModuleCost>();
  const apart = blocksOf(given);
  const open: { readonly call: Call; readonly macs: number }[] = [];
  const isMeasured = (call: Call): boolean => modules.has(moduleOf(call)) && open.every((outer) => moduleOf(outer.call) !== moduleOf(call));
  const savedBytes = (saved: unknown): number => {
    let elements = 0;
    for (const [block, count] of blocksOf(saved)) if (!apart.has(block)) elements += count;
    return elements * BYTES_PER_ELEMENT;
  };
  const visitor: Visitor = {
    before: (call) => {
      if (!isMeasured(call)) return;
      open.push({ call, macs: engine.counters().macs });
      const cost = costs.get(moduleOf(call));
      if (call.phase === "vjp" && cost !== undefined) costs.set(moduleOf(call), { ...cost, savedBytes: savedBytes(call.saved) });
    },
    after: (call, out) => {
      if (open.at(-1)?.call !== call) return;
      const { macs = 0 } = open.pop() ?? {};
      if (call.phase !== "forward") return;
      costs.set(moduleOf(call), { macs: engine.counters().macs - macs, shape: firstTensor(out)?.shape ?? [], savedBytes: 0 });
    },
  };
  return { visitor, costs };
}
