/** What each module of a program costs: products, shape of its output, and bytes that its pullback keeps. Read off one run by an observer. */
import type { Call, Visitor } from "../../kernels/kernels.ts";
import type { Engine } from "../../kernels/engine.ts";
import { size, type Shape, type Tensor } from "../../tensor/tensor.ts";
import { forEachTensor } from "../../tensor/tree.ts";

/** What one module of a network costs in one run. */
export interface ModuleCost {
  /** Multiply–adds of matrix products, forwards. */
  readonly macs: number;
  /** Of the output; of its first tensor, if there are several. */
  readonly shape: Shape;
  /** What is saved for the pullback, parameters apart. */
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
 * An observer of one forward and one pullback, and what it has seen so far, by path.
 *
 * @param modules their paths: the outermost op at each is measured
 * @param given alive anyway, hence no one's savings: the parameters
 */
export function costVisitor(
  engine: Engine,
  modules: ReadonlySet<string>,
  given: unknown,
): {
  /** Watches the run: give it to `observe`. */
  readonly visitor: Visitor;
  /** What the run has cost so far, by module. */
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
