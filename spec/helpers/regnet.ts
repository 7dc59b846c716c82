/** The networks under fixtures/regnet, and how they are put on an engine. */
import type { HostArray, Leaves } from "../../src/check/host.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import { checkedRegnetConfig, type RegnetConfig } from "../../src/teacher/config.ts";
import { buildRegnet } from "../../src/teacher/params.ts";
import type { RegnetAttrs, RegnetInputs } from "../../src/teacher/regnet.ts";
import { tensorOf, tensorsOf, textOf } from "./fixtures.ts";

export interface RegnetFixture {
  readonly config: RegnetConfig;
  readonly tensors: Leaves;
}

/** What the JSON beside a fixture says of it. */
interface Description {
  readonly config: {
    readonly widths: number[];
    readonly depths: number[];
    readonly group_width: number;
    readonly stem: number;
    readonly classes: number;
  };
  readonly se_ratio: number;
  readonly bn: { readonly eps: number };
}

/** `two_stage` or `four_stage`, described in the README beside them. */
export function regnetFixture(name: string): RegnetFixture {
  const { config, se_ratio, bn }: Description = JSON.parse(textOf(`regnet/${name}.json`));
  const { widths, depths, stem, classes, group_width: groupWidth } = config;
  return {
    config: checkedRegnetConfig({ channels: 3, stem, widths, depths, groupWidth, classes, seRatio: se_ratio, batchNormEps: bn.eps }),
    tensors: tensorsOf(`regnet/${name}.safetensors`),
  };
}

/** The tensors whose name begins with `prefix`, without it. */
export const under = (tensors: Leaves, prefix: string): Leaves =>
  new Map([...tensors].filter(([name]) => name.startsWith(prefix)).map(([name, array]) => [name.slice(prefix.length), array]));

/** A call of the network with these weights, or with `x` in the place of the fixture's images. */
export function regnetCall(
  k: Kernels,
  { config, tensors }: RegnetFixture,
  x: HostArray = tensorOf(tensors, "x"),
): { readonly inputs: RegnetInputs; readonly attrs: RegnetAttrs } {
  const put = ({ shape, data }: HostArray): ReturnType<Kernels["upload"]> => k.upload(shape, data);
  const { params, running } = buildRegnet(config, (name) => put(tensorOf(tensors, `weights.${name}`)));
  return { inputs: { images: put(x), params }, attrs: { eps: config.batchNormEps, groupWidth: config.groupWidth, running } };
}
