/** A training step in tfjs: hard distillation, its gradient by tfjs, and AdamW. */
import * as tf from "@tensorflow/tfjs";
import { publishedAdamw, publishedSmoothing } from "../deit.ts";
import { batch, config, dropPath, RATE } from "../given.ts";
import type { Load, Results } from "../library.ts";
import { deitLogits, paramsOf, tensorOf, timmValues, type DropPath, type Product } from "./model.ts";
import { started } from "./start.ts";

const { classes: K } = config;
/** α of (E26), as the authors set it. */
const ALPHA = 0.5;
/** Whether weight decay leaves a parameter out, as it does all vectors (deit.md 7.4). */
const UNDECAYED = ["cls_token", "pos_embed"];

/** (E19) */
const crossEntropy = (logits: tf.Tensor, q: tf.Tensor): tf.Tensor => tf.neg(tf.mean(tf.sum(tf.mul(q, tf.logSoftmax(logits)), -1)));

/** One-hot rows of class numbers [B]. On wasm, tfjs's own oneHot is correct for integers only. */
const oneHot = (classes: tf.Tensor): tf.Tensor => tf.cast(tf.oneHot(tf.cast(classes, "int32"), K), "float32");

/** Class numbers → q of (E20). */
function smoothed(labels: tf.Tensor): tf.Tensor {
  const { share } = publishedSmoothing;
  return tf.add(tf.mul(oneHot(labels), 1 - share), share / K);
}

/** A parameter under timm's name, and its moments. */
interface Leaf {
  readonly theta: tf.Variable;
  readonly m: tf.Variable;
  readonly v: tf.Variable;
}

function leafOf(name: string, theta: tf.Tensor): Leaf {
  const moment = (): tf.Variable => tf.variable(tf.zerosLike(theta), false);
  return { theta: tf.variable(theta, true, name), m: moment(), v: moment() };
}

/** (E35) in place, step k = 1, 2, … */
function adamw({ theta, m, v }: Leaf, grad: tf.Tensor, k: number): void {
  if (publishedAdamw.kind !== "adamw") throw new Error("the published optimiser is AdamW");
  const { beta1, beta2, eps, weightDecay } = publishedAdamw;
  const decays = theta.rank > 1 && !UNDECAYED.includes(theta.name);
  const decayed = decays ? tf.mul(theta, 1 - RATE * weightDecay) : theta;
  m.assign(tf.add(tf.mul(m, beta1), tf.mul(grad, 1 - beta1)));
  v.assign(tf.add(tf.mul(v, beta2), tf.mul(tf.square(grad), 1 - beta2)));
  const root = tf.add(tf.mul(tf.sqrt(v), 1 / Math.sqrt(1 - beta2 ** k)), eps);
  theta.assign(tf.sub(decayed, tf.mul(tf.div(m, root), RATE / (1 - beta1 ** k))));
}

function gradientOf(grads: tf.NamedTensorMap, { theta }: Leaf): tf.Tensor {
  const grad = grads[theta.name];
  if (grad === undefined) throw new Error(`no gradient of ${theta.name}`);
  return grad;
}

/** The given multipliers, as `deitLogits` takes them. */
async function dropPathOf(): Promise<readonly DropPath[]> {
  const column = (multipliers: readonly number[]): tf.Tensor => tf.tensor([...multipliers], [multipliers.length, 1, 1]);
  return (await dropPath()).map(({ attn, mlp }) => ({ attn: column(attn), mlp: column(mlp) }));
}

export const trainOf =
  (product: Product): Load =>
  async (threads) => {
    await started(threads);
    const { images, labels, teacher } = batch();
    const [pixels, q] = [tensorOf(images), smoothed(tf.tensor1d([...labels]))];
    const decision = oneHot(tf.argMax(tensorOf(teacher), -1)); //                                     (E25)
    const dropped = await dropPathOf();
    const leaves = [...paramsOf()].map(([name, theta]) => leafOf(name, theta));
    const params = new Map(leaves.map(({ theta }) => [theta.name, theta]));
    let steps = 0;

    const lossOf = (): tf.Scalar => {
      const { head, head_dist } = deitLogits({ product, params }, pixels, dropped);
      const truth = tf.mul(crossEntropy(head, q), 1 - ALPHA);
      return tf.reshape<tf.Rank.R0>(tf.add(truth, tf.mul(crossEntropy(head_dist, decision), ALPHA)), []); // (E26)
    };
    const run = async (): Promise<number> => {
      steps++;
      const loss = tf.tidy(() => {
        const { value, grads } = tf.variableGrads(lossOf);
        for (const leaf of leaves) adamw(leaf, gradientOf(grads, leaf), steps);
        return value;
      });
      const [value = NaN] = await loss.data();
      loss.dispose();
      return value;
    };
    const results = async (): Promise<Results> => {
      const { value, grads } = tf.variableGrads(lossOf);
      const found = new Map<string, ArrayLike<number>>();
      for (const [name, grad] of Object.entries(grads)) found.set(name, await timmValues(name, grad));
      tf.dispose([value, grads]);
      return found.set("loss", [await run(), await run(), await run()]);
    };
    return { run, results };
  };
