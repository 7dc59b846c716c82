/** The ops of RegNetY, on the shapes of the 4GF at 224: of its first block, whose image has 112 × 112 pixels. */
import { averagePool } from "../../teacher/averagePool.ts";
import { batchNorm, frozenBatchNorm, type BatchNormBuffers, type BatchNormParams } from "../../teacher/batchNorm.ts";
import { groupedConv } from "../../teacher/conv.ts";
import { convNormOf, convNormReluOf, type ConvNormAttrs, type ConvNormParams } from "../../teacher/convNorm.ts";
import { regnetConfig, squeezedWidth } from "../../teacher/config.ts";
import { classifier } from "../../teacher/head.ts";
import { buildRegnet } from "../../teacher/params.ts";
import { regnetLogits } from "../../teacher/regnet.ts";
import { regnetBlockOf } from "../../teacher/regnetBlock.ts";
import { regnetStageOf } from "../../teacher/regnetStage.ts";
import { relu } from "../../teacher/relu.ts";
import { MOMENTUM, runningStatistics } from "../../teacher/runningStatistics.ts";
import { sigmoid } from "../../teacher/sigmoid.ts";
import { squeezeExcite } from "../../teacher/squeezeExcite.ts";
import { axis, type Shape, type Tensor } from "../../tensor/tensor.ts";
import { opOf, runOf, type About, type Maker, type Operation } from "./operation.ts";

const config = regnetConfig("regnety-4gf");
const { batchNormEps: eps, groupWidth } = config;
const FIRST_WIDTH = 128;

const onImages = (oracle: string, ...shape: Shape): About & { readonly cotangent: "activation" } => ({
  axes: "B C H W",
  shape,
  sizes: {},
  oracle,
  cotangent: "activation",
});

const gains = ({ plain }: Maker, C: number): BatchNormParams => ({ weight: plain(C), bias: plain(C) });

const buffers = ({ plain }: Maker, C: number): BatchNormBuffers => ({
  running_mean: plain(C),
  running_var: plain(C),
  num_batches_tracked: plain(),
});

/** A 1×1 convolution to O channels and its norm. */
function unit(
  make: Maker,
  shape: Shape,
  O: number,
): { readonly inputs: { readonly x: Tensor; readonly params: ConvNormParams }; readonly attrs: ConvNormAttrs } {
  const params = { conv: { weight: make.plain(O, axis(shape, 1), 1, 1) }, bn: gains(make, O) };
  return {
    inputs: { x: make.activation(...shape), params },
    attrs: { eps, groups: 1, stride: 1, running: { bn: buffers(make, O) } },
  };
}

/** RegNetY-4GF; its blocks and stages are parts of it. */
const network = ({ plain }: Maker): ReturnType<typeof buildRegnet> => buildRegnet(config, (_, shape) => plain(...shape));

const first = { stem: [1, 3, 224, 224], block: [1, 32, 112, 112], last: [1, 1088, 7, 7] } as const;

/** The first block or stage takes images of as many channels as the stem makes. */
function need<T>(part: T | undefined): T {
  if (part === undefined) throw new RangeError("regnety-4gf has no such part");
  return part;
}

export const teacherOperations: readonly Operation[] = [
  opOf(relu, { ...onImages("laws/loops/squeezeExcite.ts rectified", 1, 128, 112, 112), axes: "..." }, ({ activation }, shape) => ({
    inputs: { x: activation(...shape) },
    attrs: undefined,
  })),
  opOf(sigmoid, { axes: "...", shape: [1, 128], sizes: {}, oracle: "laws/loops/squeezeExcite.ts gates" }, ({ activation }, shape) => ({
    inputs: { u: activation(...shape) },
    attrs: undefined,
  })),
  opOf(averagePool, onImages("laws/loops/squeezeExcite.ts pooled", ...first.last), ({ activation }, shape) => ({
    inputs: { x: activation(...shape) },
    attrs: undefined,
  })),
  opOf(
    groupedConv,
    { ...onImages("laws/loops/teacher.ts convolved", 1, 128, 112, 112), sizes: { O: (shape) => axis(shape, 1), G: () => 2, k: () => 3 } },
    ({ activation, plain }, shape, { O = 0, G = 0, k: side = 0 }) => ({
      inputs: { x: activation(...shape), params: { weight: plain(O, axis(shape, 1) / G, side, side) } },
      attrs: { groups: G, stride: 1, padding: Math.floor(side / 2) },
    }),
  ),
  opOf(batchNorm, onImages("laws/loops/teacher.ts batchNormTrain", 1, 128, 112, 112), (make, shape) => ({
    inputs: { x: make.activation(...shape), params: gains(make, axis(shape, 1)) },
    attrs: { eps },
  })),
  opOf(frozenBatchNorm, onImages("laws/loops/teacher.ts batchNormEval", 1, 128, 112, 112), (make, shape) => ({
    inputs: { x: make.activation(...shape), params: gains(make, axis(shape, 1)) },
    attrs: { eps, running: buffers(make, axis(shape, 1)) },
  })),
  opOf(
    squeezeExcite,
    {
      ...onImages("laws/loops/squeezeExcite.ts excited", 1, 128, 56, 56),
      sizes: { S: (shape) => Math.max(1, squeezedWidth(config, axis(shape, 1))) },
    },
    ({ activation, plain }, shape, { S = 0 }) => {
      const C = axis(shape, 1);
      const params = { fc1: { weight: plain(S, C, 1, 1), bias: plain(S) }, fc2: { weight: plain(C, S, 1, 1), bias: plain(C) } };
      return { inputs: { x: activation(...shape), params }, attrs: undefined };
    },
  ),
  opOf(
    classifier,
    { ...onImages("laws/loops/regnet.ts regnetParts", ...first.last), sizes: { K: () => 1000 } },
    ({ activation, plain }, shape, { K = 0 }) => ({
      inputs: { x: activation(...shape), params: { fc: { weight: plain(K, axis(shape, 1)), bias: plain(K) } } },
      attrs: undefined,
    }),
  ),
  opOf(
    convNormOf(frozenBatchNorm),
    { ...onImages("laws/loops/regnet.ts regnetParts", ...first.block), sizes: { O: () => FIRST_WIDTH } },
    (make, shape, { O = 0 }) => unit(make, shape, O),
  ),
  opOf(
    convNormReluOf(frozenBatchNorm),
    { ...onImages("laws/loops/regnet.ts regnetParts", ...first.block), sizes: { O: () => FIRST_WIDTH } },
    (make, shape, { O = 0 }) => unit(make, shape, O),
  ),
  opOf(regnetBlockOf(frozenBatchNorm), onImages("laws/loops/regnet.ts regnetParts", ...first.block), (make, shape) => {
    const { params, running } = network(make);
    const attrs = { eps, groupWidth, stride: 2, running: need(running.s1?.b1) };
    return { inputs: { x: make.activation(...shape), params: need(params.s1?.b1) }, attrs };
  }),
  opOf(regnetStageOf(frozenBatchNorm), onImages("laws/loops/regnet.ts regnetParts", ...first.block), (make, shape) => {
    const { params, running } = network(make);
    return { inputs: { x: make.activation(...shape), params: need(params.s1) }, attrs: { eps, groupWidth, running: need(running.s1) } };
  }),
  opOf(regnetLogits, onImages("laws/loops/regnet.ts regnetEval", ...first.stem), (make, shape) => {
    const { params, running } = network(make);
    return { inputs: { images: make.plain(...shape), params }, attrs: { eps, groupWidth, running } };
  }),
  runOf(
    "runningStatistics",
    { axes: "C", shape: [FIRST_WIDTH], sizes: {}, oracle: null, row: "identity/regnet-running-statistics" },
    (make, shape) => {
      const stats = { mean: make.plain(...shape), variance: make.plain(...shape) };
      const running = buffers(make, axis(shape, 0));
      return (k) => runningStatistics.run(k, { running, stats }, { momentum: MOMENTUM });
    },
  ),
];
