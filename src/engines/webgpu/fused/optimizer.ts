/** What is done with all parameters after the backward pass, in a few launches: unscaling, AdamW (E35) and the moving average (E37). */
import { fuse, withoutFusion } from "../../../ops/observe.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { adamwLeaves, type AdamWLeafAttrs } from "../../../train/optimizer/adamw.ts";
import { emaLeaves } from "../../../train/optimizer/ema.ts";
import { unscaledLeaves } from "../../../train/optimizer/lossScale.ts";
import { fill } from "../kernels/elementwise.ts";
import { inFours, overMany, type Entry, type ManyText, type OverMany } from "../many.ts";
import type { FusedKernel } from "./kernel.ts";

/** A step that may be taken back, and one that may not; `finite` comes last of what is shared. */
const maybeTakenBack = (
  text: Pick<ManyText, "name" | "tensors" | "numbers" | "shared" | "each">,
): ((finite: Tensor | null) => OverMany) => {
  const always = overMany({ ...text, written: null, before: "" });
  const shared = [...text.shared, "finite"];
  const asked = overMany({ ...text, shared, written: null, before: "  if (number_at(finite_at) == 0.0) { return; }\n" });
  return (finite) => (finite === null ? always : asked);
};

const given = (finite: Tensor | null): readonly Tensor[] => (finite === null ? [] : [finite]);

const adamwOf = maybeTakenBack({
  name: "adamw",
  tensors: ["theta", "m", "v", "grad"],
  numbers: ["decay", "beta1", "fresh1", "beta2", "fresh2", "eps"],
  shared: ["rate", "unbias"],
  each: `    let g = grad[grad_at];
    let first = beta1 * m[m_at] + fresh1 * g;
    let second = beta2 * v[v_at] + fresh2 * (g * g);
    let root = sqrt(second) * number_at(unbias_at) + eps;
    m[m_at] = first;
    v[v_at] = second;
    theta[theta_at] = decay * theta[theta_at] - number_at(rate_at) * (first / root);
`,
});

/** In the order of the text. */
const numbersOf = ({ lr, beta1, beta2, eps, weightDecay }: AdamWLeafAttrs): readonly number[] => {
  return [1 - lr * weightDecay, beta1, 1 - beta1, beta2, 1 - beta2, eps];
};

export const adamwKernel: FusedKernel = (access, heap) => {
  const kernel: typeof adamwLeaves = {
    name: adamwLeaves.name,
    run: (k, { leaves, shared }, { of }) => {
      const all = Object.entries(leaves);
      if (!all.every(([, leaf]) => inFours(access, Object.values(leaf))))
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

const emaOf = maybeTakenBack({
  name: "ema",
  tensors: ["average", "theta"],
  numbers: ["kept", "fresh"],
  shared: [],
  each: "    average[average_at] = kept * average[average_at] + fresh * theta[theta_at];\n",
});

export const emaKernel: FusedKernel = (access, heap) => {
  const kernel: typeof emaLeaves = {
    name: emaLeaves.name,
    run: (k, { leaves, shared }, { of }) => {
      const all = Object.entries(leaves);
      if (!all.every(([, leaf]) => inFours(access, Object.values(leaf))))
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

const ONE_WORD = 0x3f800000;

/** Whoever finds a number that is none says so: all write the same. */
const unscale = overMany({
  name: "unscale",
  tensors: ["grad"],
  numbers: [],
  shared: ["finite", "inverse"],
  written: "finite",
  before: "  let factor = number_at(inverse_at);\n",
  each: `    let g = factor * grad[grad_at];
    grad[grad_at] = g;
    let beyond = (bitcast<vec4u>(g) & vec4u(0x7f800000u)) == vec4u(0x7f800000u);
    let own = 4u * vec4u(i) + vec4u(0u, 1u, 2u, 3u) < vec4u(n);
    if (any(beyond & own)) { set_number(finite_at, 0.0); }
`,
});

export const unscaleKernel: FusedKernel = (access, heap) => {
  const kernel: typeof unscaledLeaves = {
    name: unscaledLeaves.name,
    run: (k, { grads, inverse }) => {
      const all = Object.entries(grads);
      if (!inFours(access, Object.values(grads))) return unscaledLeaves.run(withoutFusion(k, unscaledLeaves), { grads, inverse });
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
