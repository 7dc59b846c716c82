/** The networks in fixtures/regnet, and their upload to an engine. */
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

/** The JSON file that describes a fixture. */
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

/** The fixture `two_stage` or `four_stage`; fixtures/regnet has a README. */
export function regnetFixture(name: string): RegnetFixture {
  const { config, se_ratio, bn }: Description = JSON.parse(textOf(`regnet/${name}.json`));
  const { widths, depths, stem, classes, group_width: groupWidth } = config;
  return {
    config: checkedRegnetConfig({ channels: 3, stem, widths, depths, groupWidth, classes, seRatio: se_ratio, batchNormEps: bn.eps }),
    tensors: tensorsOf(`regnet/${name}.safetensors`),
  };
}

/** The tensors whose names begin with `prefix`, by the rest of the name. */
export const under = (tensors: Leaves, prefix: string): Leaves =>
  new Map([...tensors].filter(([name]) => name.startsWith(prefix)).map(([name, array]) => [name.slice(prefix.length), array]));

/** A call of the network with the fixture's weights, on the fixture's images or on `x`. */
export function regnetCall(
  k: Kernels,
  { config, tensors }: RegnetFixture,
  x: HostArray = tensorOf(tensors, "x"),
): { readonly inputs: RegnetInputs; readonly attrs: RegnetAttrs } {
  const put = ({ shape, data }: HostArray): ReturnType<Kernels["upload"]> => k.upload(shape, data);
  const { params, running } = buildRegnet(config, (name) => put(tensorOf(tensors, `weights.${name}`)));
  return { inputs: { images: put(x), params }, attrs: { eps: config.batchNormEps, groupWidth: config.groupWidth, running } };
}
