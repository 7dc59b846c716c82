/** What happens to all gradients between the backward pass and the optimiser, in a few dispatches: unscaling, with their norm in the same pass, and clipping. */
import { fuse, withoutFusion } from "../../../ops/observe.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { clippedLeaves, normOfLeaves } from "../../../train/optimizer/clip.ts";
import type { ByName } from "../../../train/optimizer/eachLeaf.ts";
import { unscaledLeaves } from "../../../train/optimizer/lossScale.ts";
import type { HeapAccess } from "../../heap.ts";
import { allInF32, overMany, type Entry } from "../many.ts";
import { memoized } from "../program.ts";
import type { FusedKernel } from "./kernel.ts";

const entriesOf = (grads: ByName<Tensor>): readonly Entry[] => Object.values(grads).map((grad) => ({ tensors: [grad], numbers: [] }));

const takenOver = (heap: HeapAccess, grads: ByName<Tensor>): ByName<Tensor> =>
  Object.fromEntries(Object.entries(grads).map(([name, grad]) => [name, heap.takeOver(grad)]));

/** WGSL: which numbers of the quad `g` belong to the gradient, and a statement that adds their squares to the sum. */
const own = (quad: string, length: string): string => `4u * vec4u(${quad}) + vec4u(0u, 1u, 2u, 3u) < vec4u(${length})`;
const addSquares = "    let counted = select(vec4f(), g, own);\n    sum += dot(counted, counted);\n";

/** Every thread that finds a non-finite number writes the same 0 to `finite`. */
const unscale = memoized((withNorm: boolean) =>
  overMany({
    name: withNorm ? "unscale and norm" : "unscale",
    tensors: ["grad"],
    halves: false,
    numbers: [],
    shared: ["finite", "inverse"],
    written: { name: "finite", from: 1 },
    sums: withNorm,
    before: (shared) => `  let factor = ${shared("inverse").load};\n`,
    each: ({ tensor, shared, quad, length }) => `    let g = factor * ${tensor("grad").load};
    ${tensor("grad").store("g")}
    let beyond = (bitcast<vec4u>(g) & vec4u(0x7f800000u)) == vec4u(0x7f800000u);
    let own = ${own(quad, length)};
    if (any(beyond & own)) { ${shared("finite").store("0.0")} }
${withNorm ? addSquares : ""}`,
  }),
);

export const unscaleKernel: FusedKernel = (access, heap) => {
  const kernel: typeof unscaledLeaves = {
    name: unscaledLeaves.name,
    run: (k, { grads, inverse }, attrs) => {
      if (!allInF32(access, Object.values(grads))) return unscaledLeaves.run(withoutFusion(k, unscaledLeaves), { grads, inverse }, attrs);
      const [finite, squares] = [heap.take([]), attrs.withNorm ? heap.take([1]) : undefined];
      unscale(attrs.withNorm)(access, entriesOf(grads), [finite, inverse], squares);
      return { grads: takenOver(heap, grads), finite, norm: squares === undefined ? null : k.sqrt(squares) };
    },
  };
  return fuse(unscaledLeaves, kernel);
};

const sumOfSquares = overMany({
  name: "norm",
  tensors: ["grad"],
  halves: false,
  numbers: [],
  shared: [],
  written: null,
  sums: true,
  before: () => "",
  each: ({ tensor, quad, length }) => `    let g = ${tensor("grad").load};
    let own = ${own(quad, length)};
${addSquares}`,
});

export const normKernel: FusedKernel = (access, heap) => {
  const kernel: typeof normOfLeaves = {
    name: normOfLeaves.name,
    run: (k, grads) => {
      if (!allInF32(access, Object.values(grads))) return normOfLeaves.run(withoutFusion(k, normOfLeaves), grads);
      const squares = heap.take([1]);
      sumOfSquares(access, entriesOf(grads), [], squares);
      return k.sqrt(squares);
    },
  };
  return fuse(normOfLeaves, kernel);
};

const multiply = overMany({
  name: "clip",
  tensors: ["grad"],
  halves: false,
  numbers: [],
  shared: ["factor"],
  written: null,
  sums: false,
  before: (shared) => `  let factor = ${shared("factor").load};\n`,
  each: ({ tensor }) => `    ${tensor("grad").store(`factor * ${tensor("grad").load}`)}\n`,
});

export const clipKernel: FusedKernel = (access, heap) => {
  const kernel: typeof clippedLeaves = {
    name: clippedLeaves.name,
    run: (k, { grads, factor }) => {
      if (!allInF32(access, Object.values(grads))) return clippedLeaves.run(withoutFusion(k, clippedLeaves), { grads, factor });
      multiply(access, entriesOf(grads), [factor]);
      return takenOver(heap, grads);
    },
  };
  return fuse(clippedLeaves, kernel);
};
