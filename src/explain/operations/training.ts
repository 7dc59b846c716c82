/** The routines of a training step: optimisers on one parameter of DeiT-Ti, loss scaling, mixing, pixels. */
import { cutMix, cutMixBox } from "../../train/mixing/cutMix.ts";
import { erase } from "../../train/mixing/erase.ts";
import { mixup } from "../../train/mixing/mixup.ts";
import { normalisePixels } from "../../train/mixing/normalisePixels.ts";
import { adamwLeaves } from "../../train/optimizer/adamw.ts";
import { clippedLeaves, normOfLeaves } from "../../train/optimizer/clip.ts";
import { emaLeaves } from "../../train/optimizer/ema.ts";
import { nextLossScale, unscaledLeaves } from "../../train/optimizer/lossScale.ts";
import { sgdLeaf } from "../../train/optimizer/sgd.ts";
import { axis } from "../../tensor/tensor.ts";
import { runOf, type About, type Operation } from "./operation.ts";

/** One parameter, `blocks.0.mlp.fc1.weight`. */
const parameter = (oracle: string | null, row: string): About => ({ axes: "...", shape: [768, 192], sizes: {}, oracle, row });

const adamwAttrs = { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.05 };
const sgdAttrs = { lr: 1e-2, momentum: 0.9, nesterov: true, weightDecay: 1e-4 };
const emaAttrs = { decay: 0.99996 };
const LAMBDA = 0.5;

export const trainingOperations: readonly Operation[] = [
  runOf("adamw", parameter("laws/loops/recipe.ts adamw", "E35"), ({ plain }, shape) => {
    const [theta, m, v, grad] = [plain(...shape), plain(...shape), plain(...shape), plain(...shape)];
    const given = { leaves: { weight: { theta, m, v, grad } }, shared: { finite: null, rate: plain(), unbias: plain() } };
    return (k) => adamwLeaves.run(k, given, { of: () => adamwAttrs });
  }),
  runOf("sgd", parameter("laws/loops/recipe.ts sgd", "E36"), ({ plain }, shape) => {
    const given = { theta: plain(...shape), buffer: plain(...shape), grad: plain(...shape), finite: null };
    return (k) => sgdLeaf.run(k, given, sgdAttrs);
  }),
  runOf("ema", parameter("laws/loops/recipe.ts ema", "E37"), ({ plain }, shape) => {
    const leaves = { weight: { average: plain(...shape), theta: plain(...shape) } };
    return (k) => emaLeaves.run(k, { leaves, shared: { finite: null } }, { of: () => emaAttrs });
  }),
  runOf("unscale", parameter(null, "identity/fused-routines"), ({ plain }, shape) => {
    const given = { grads: { weight: plain(...shape) }, inverse: plain() };
    return (k) => unscaledLeaves.run(k, given, { withNorm: false });
  }),
  runOf("globalNorm", parameter("laws/loops/recipe.ts squares", "identity/clip"), ({ plain }, shape) => {
    const given = { weight: plain(...shape) };
    return (k) => normOfLeaves.run(k, given);
  }),
  runOf("clip", parameter("laws/loops/recipe.ts clipped", "identity/clip"), ({ plain }, shape) => {
    const given = { grads: { weight: plain(...shape) }, factor: plain() };
    return (k) => clippedLeaves.run(k, given);
  }),
  runOf(
    "lossScale",
    { axes: "", shape: [], sizes: {}, oracle: "laws/loops/recipe.ts lossScale", row: "identity/fused-routines" },
    ({ plain }) => {
      const given = { scale: plain(), clean: plain(), skipped: plain(), finite: plain() };
      return (k) => nextLossScale.run(k, given);
    },
  ),
  runOf(
    "mixup",
    { axes: "B ...", shape: [2, 3, 224, 224], sizes: {}, oracle: "laws/loops/mixing.ts mixup", row: "E38" },
    ({ activation }, shape) => {
      const x = activation(...shape);
      return (k) => mixup.run(k, { x }, { lambda: LAMBDA });
    },
  ),
  runOf(
    "cutMix",
    { axes: "B C H W", shape: [2, 3, 224, 224], sizes: {}, oracle: "laws/loops/mixing.ts cutMix", row: "E39" },
    ({ activation }, shape) => {
      const [x, H, W] = [activation(...shape), axis(shape, 2), axis(shape, 3)];
      const centre = { y: Math.floor(H / 2), x: Math.floor(W / 2) };
      return (k) => cutMix.run(k, { x }, cutMixBox({ H, W, lambda: LAMBDA, centre, rule: "deit" }).box);
    },
  ),
  runOf(
    "erase",
    { axes: "B C H W", shape: [2, 3, 224, 224], sizes: {}, oracle: "laws/loops/mixing.ts erase", row: "identity/erasing" },
    ({ activation }, shape) => {
      const [x, C, h, w] = [activation(...shape), axis(shape, 1), Math.ceil(axis(shape, 2) / 2), Math.ceil(axis(shape, 3) / 2)];
      return (k) => erase.run(k, { x }, [{ image: 0, top: 0, left: 0, h, w, noise: new Float32Array(C * h * w) }]);
    },
  ),
  runOf(
    "normalisePixels",
    { axes: "B C H W", shape: [1, 3, 224, 224], sizes: {}, oracle: "laws/loops/mixing.ts normalisePixels", row: "identity/pixels" },
    ({ plain }, shape) => {
      const given = { x: plain(...shape), mean: plain(axis(shape, 1)), std: plain(axis(shape, 1)) };
      return (k) => normalisePixels.run(k, given);
    },
  ),
];
