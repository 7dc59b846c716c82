/** What follows the backward pass, for all parameters in a few dispatches: unscaling, AdamW (E35) and the moving average (E37). */
import { fuse, withoutFusion } from "../../../ops/observe.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { adamwLeaves, type AdamWLeafAttrs } from "../../../train/optimizer/adamw.ts";
import { emaLeaves } from "../../../train/optimizer/ema.ts";
import { unscaledLeaves } from "../../../train/optimizer/lossScale.ts";
import { fill } from "../kernels/elementwise.ts";
import { ONE_WORD } from "../kernels/math.ts";
import { allInF32, overMany, type Entry, type EntryScope, type ManyText, type OverMany } from "../many.ts";
import type { FusedKernel } from "./kernel.ts";

/** A program that always runs, and one that does nothing where a gradient was found non-finite; `finite` is its last shared number. */
function skippable<Tensors extends string, Shared extends string>(
  text: Pick<ManyText<Tensors, Shared>, "name" | "tensors" | "numbers" | "shared"> & {
    readonly each: (scope: Pick<EntryScope<Tensors, Shared>, "tensor" | "shared">) => string;
  },
): (finite: Tensor | null) => OverMany {
  const always = overMany<Tensors, Shared>({ ...text, written: null, before: () => "" });
  const unlessSkipped = overMany<Tensors, Shared | "finite">({
    ...text,
    shared: [...text.shared, "finite"],
    written: null,
    before: (shared) => `  if (${shared("finite").load} == 0.0) { return; }\n`,
  });
  return (finite) => (finite === null ? always : unlessSkipped);
}

const given = (finite: Tensor | null): readonly Tensor[] => (finite === null ? [] : [finite]);

const adamwOf = skippable({
  name: "adamw",
  tensors: ["theta", "m", "v", "grad"],
  numbers: ["decay", "beta1", "fresh1", "beta2", "fresh2", "eps"],
  shared: ["rate", "unbias"],
  each: ({ tensor, shared }) => `    let g = ${tensor("grad").load};
    let first = beta1 * ${tensor("m").load} + fresh1 * g;
    let second = beta2 * ${tensor("v").load} + fresh2 * (g * g);
    let root = sqrt(second) * ${shared("unbias").load} + eps;
    ${tensor("m").store("first")}
    ${tensor("v").store("second")}
    ${tensor("theta").store(`decay * ${tensor("theta").load} - ${shared("rate").load} * (first / root)`)}
`,
});

/** In the order of the text of AdamW. */
const numbersOf = ({ lr, beta1, beta2, eps, weightDecay }: AdamWLeafAttrs): readonly number[] => {
  return [1 - lr * weightDecay, beta1, 1 - beta1, beta2, 1 - beta2, eps];
};

export const adamwKernel: FusedKernel = (access, heap) => {
  const kernel: typeof adamwLeaves = {
    name: adamwLeaves.name,
    run: (k, { leaves, shared }, { of }) => {
      const all = Object.entries(leaves);
      if (!all.every(([, leaf]) => allInF32(access, Object.values(leaf))))
        return adamwLeaves.run(withoutFusion(k, adamwLeaves), { leaves, shared }, { of });
      const entries = all.map(([name, { theta, m, v, grad }]): Entry => ({ tensors: [theta, m, v, grad], numbers: numbersOf(of(name)) }));
      adamwOf(shared.finite)(access, entries, [shared.rate, shared.unbias, ...given(shared.finite)]);
      return Object.fromEntries(
        all.map(([name, { theta, m, v, grad }]) => {
          k.donate(grad);
          return [name, { theta: heap.takeOver(theta), m: heap.takeOver(m), v: heap.takeOver(v) }];
        }),
      );
    },
  };
  return fuse(adamwLeaves, kernel);
};

const emaOf = skippable({
  name: "ema",
  tensors: ["average", "theta"],
  numbers: ["kept", "fresh"],
  shared: [],
  each: ({ tensor }) => `    ${tensor("average").store(`kept * ${tensor("average").load} + fresh * ${tensor("theta").load}`)}\n`,
});

export const emaKernel: FusedKernel = (access, heap) => {
  const kernel: typeof emaLeaves = {
    name: emaLeaves.name,
    run: (k, { leaves, shared }, { of }) => {
      const all = Object.entries(leaves);
      if (!all.every(([, leaf]) => allInF32(access, Object.values(leaf))))
        return emaLeaves.run(withoutFusion(k, emaLeaves), { leaves, shared }, { of });
      const entries = all.map(([name, { average, theta }]): Entry => ({
        tensors: [average, theta],
        numbers: [of(name).decay, 1 - of(name).decay],
      }));
      emaOf(shared.finite)(access, entries, given(shared.finite));
      return Object.fromEntries(all.map(([name, { average }]) => [name, heap.takeOver(average)]));
    },
  };
  return fuse(emaLeaves, kernel);
};

/** Every thread that finds a non-finite number writes the same 0 to `finite`. */
const unscale = overMany({
  name: "unscale",
  tensors: ["grad"],
  numbers: [],
  shared: ["finite", "inverse"],
  written: "finite",
  before: (shared) => `  let factor = ${shared("inverse").load};\n`,
  each: ({ tensor, shared, quad, length }) => `    let g = factor * ${tensor("grad").load};
    ${tensor("grad").store("g")}
    let beyond = (bitcast<vec4u>(g) & vec4u(0x7f800000u)) == vec4u(0x7f800000u);
    let own = 4u * vec4u(${quad}) + vec4u(0u, 1u, 2u, 3u) < vec4u(${length});
    if (any(beyond & own)) { ${shared("finite").store("0.0")} }
`,
});

export const unscaleKernel: FusedKernel = (access, heap) => {
  const kernel: typeof unscaledLeaves = {
    name: unscaledLeaves.name,
    run: (k, { grads, inverse }) => {
      const all = Object.entries(grads);
      if (!allInF32(access, Object.values(grads))) return unscaledLeaves.run(withoutFusion(k, unscaledLeaves), { grads, inverse });
      const finite = heap.take([]);
      access.run(fill(1, ONE_WORD), finite);
      unscale(
        access,
        all.map(([, grad]) => ({ tensors: [grad], numbers: [] })),
        [finite, inverse],
      );
      return { grads: Object.fromEntries(all.map(([name, grad]) => [name, heap.takeOver(grad)])), finite };
    },
  };
  return fuse(unscaledLeaves, kernel);
};
