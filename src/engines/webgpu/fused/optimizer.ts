/**
 * The update of all parameters in a few dispatches: AdamW (E35) and the moving average (E37). AdamW also writes the f16 copies of weights, rounded
 * as `round` would (f16Copy.ts).
 */
import { fuse, withoutFusion } from "../../../ops/observe.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { adamwLeaves, type AdamWLeaf, type AdamWLeafAndGrad, type AdamWLeafAttrs } from "../../../train/optimizer/adamw.ts";
import { averagedLeaves } from "../../../train/optimizer/averaged.ts";
import { emaLeaves } from "../../../train/optimizer/ema.ts";
import type { Kernels } from "../../../kernels/kernels.ts";
import type { HeapAccess } from "../../heap.ts";
import { allInF32, overMany, type Entry, type OverMany } from "../many.ts";
import type { EntryScope, ManyText } from "../manyProgram.ts";
import { memoized } from "../program.ts";
import { knownF16Copy } from "./f16Copy.ts";
import type { FusedKernel } from "./kernel.ts";

/** A program that always runs, and one that does nothing where a gradient was found non-finite; `finite` is its last shared number. */
function skippable<Tensors extends string, Shared extends string>(
  text: Pick<ManyText<Tensors, Shared>, "name" | "tensors" | "halves" | "numbers" | "shared"> & {
    readonly each: (scope: Pick<EntryScope<Tensors, Shared>, "tensor" | "shared" | "storeHalf">) => string;
  },
): (finite: Tensor | null) => OverMany {
  const always = overMany<Tensors, Shared>({ ...text, written: null, sums: false, before: () => "" });
  const unlessSkipped = overMany<Tensors, Shared | "finite">({
    ...text,
    shared: [...text.shared, "finite"],
    written: null,
    sums: false,
    before: (shared) => `  if (${shared("finite").load} == 0.0) { return; }\n`,
  });
  return (finite) => (finite === null ? always : unlessSkipped);
}

const given = (finite: Tensor | null): readonly Tensor[] => (finite === null ? [] : [finite]);

/** @param averaged whether the entries also have a moving average, which gets the new θ */
const adamwOf = memoized((averaged: boolean, halves: boolean) =>
  skippable<"theta" | "m" | "v" | "grad" | "average", "rate" | "unbias">({
    name: averaged ? "adamw and ema" : "adamw",
    tensors: ["theta", "m", "v", "grad", ...(averaged ? (["average"] as const) : [])],
    halves,
    numbers: ["decay", "beta1", "fresh1", "beta2", "fresh2", "eps", ...(averaged ? ["kept", "fresh"] : [])],
    shared: ["rate", "unbias"],
    each: ({ tensor, shared, storeHalf }) => `    let g = ${tensor("grad").load};
    let first = beta1 * ${tensor("m").load} + fresh1 * g;
    let second = beta2 * ${tensor("v").load} + fresh2 * (g * g);
    let root = sqrt(second) * ${shared("unbias").load} + eps;
    let next = decay * ${tensor("theta").load} - ${shared("rate").load} * (first / root);
    ${tensor("m").store("first")}
    ${tensor("v").store("second")}
    ${tensor("theta").store("next")}
    ${storeHalf("next")}
${averaged ? average(tensor, "next") : ""}`,
  }),
);

/** (E37) */
const average = (tensor: EntryScope<"average", never>["tensor"], theta: string): string =>
  `    ${tensor("average").store(`kept * ${tensor("average").load} + fresh * ${theta}`)}\n`;

/** In the order of the text of AdamW. */
const numbersOf = ({ lr, beta1, beta2, eps, weightDecay }: AdamWLeafAttrs): readonly number[] => {
  return [1 - lr * weightDecay, beta1, 1 - beta1, beta2, 1 - beta2, eps];
};

/** In the order of the text of the moving average. */
const shares = (decay: number): readonly number[] => [decay, 1 - decay];

/** The memory of what AdamW has written. */
function writtenBy(k: Kernels, heap: HeapAccess, { theta, m, v, grad }: AdamWLeafAndGrad): AdamWLeaf {
  k.donate(grad);
  return { theta: heap.takeOver(theta, true), m: heap.takeOver(m), v: heap.takeOver(v) };
}

export const adamwKernel: FusedKernel = (access, heap) => {
  const kernel: typeof adamwLeaves = {
    name: adamwLeaves.name,
    run: (k, { leaves, shared }, { of }) => {
      const all = Object.entries(leaves);
      if (!all.every(([, leaf]) => allInF32(access, Object.values(leaf))))
        return adamwLeaves.run(withoutFusion(k, adamwLeaves), { leaves, shared }, { of });
      const entries = all.map(([name, { theta, m, v, grad }]): Entry => ({
        tensors: [theta, m, v, grad],
        half: knownF16Copy(heap, theta),
        numbers: numbersOf(of(name)),
      }));
      const steps = adamwOf(false, access.precision === "f16")(shared.finite);
      steps(access, entries, [shared.rate, shared.unbias, ...given(shared.finite)]);
      return Object.fromEntries(all.map(([name, leaf]) => [name, writtenBy(k, heap, leaf)]));
    },
  };
  return fuse(adamwLeaves, kernel);
};

export const averagedKernel: FusedKernel = (access, heap) => {
  const kernel: typeof averagedLeaves = {
    name: averagedLeaves.name,
    run: (k, { leaves, shared }, { of }) => {
      const all = Object.entries(leaves);
      if (!all.every(([, leaf]) => allInF32(access, Object.values(leaf))))
        return averagedLeaves.run(withoutFusion(k, averagedLeaves), { leaves, shared }, { of });
      const entries = all.map(([name, { theta, m, v, grad, average: old }]): Entry => ({
        tensors: [theta, m, v, grad, old],
        half: knownF16Copy(heap, theta),
        numbers: [...numbersOf(of(name)), ...shares(of(name).decay)],
      }));
      const steps = adamwOf(true, access.precision === "f16")(shared.finite);
      steps(access, entries, [shared.rate, shared.unbias, ...given(shared.finite)]);
      return Object.fromEntries(
        all.map(([name, { average: old, ...leaf }]) => [name, { ...writtenBy(k, heap, leaf), average: heap.takeOver(old) }]),
      );
    },
  };
  return fuse(averagedLeaves, kernel);
};

const emaOf = skippable({
  name: "ema",
  tensors: ["average", "theta"],
  halves: false,
  numbers: ["kept", "fresh"],
  shared: [],
  each: ({ tensor }) => average(tensor, tensor("theta").load),
});

export const emaKernel: FusedKernel = (access, heap) => {
  const kernel: typeof emaLeaves = {
    name: emaLeaves.name,
    run: (k, { leaves, shared }, { of }) => {
      const all = Object.entries(leaves);
      if (!all.every(([, leaf]) => allInF32(access, Object.values(leaf))))
        return emaLeaves.run(withoutFusion(k, emaLeaves), { leaves, shared }, { of });
      const entries = all.map(([name, leaf]): Entry => ({ tensors: [leaf.average, leaf.theta], numbers: shares(of(name).decay) }));
      emaOf(shared.finite)(access, entries, given(shared.finite));
      return Object.fromEntries(all.map(([name, leaf]) => [name, heap.takeOver(leaf.average)]));
    },
  };
  return fuse(emaLeaves, kernel);
};
