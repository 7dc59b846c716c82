/**
 * Initial values of RegNetY (deit.md 8.1) by both versions of timm: each randomly drawn tensor has mean 0 and its rule's standard deviation σ, and
 * every other is exactly 0 or 1.
 */
import type { Draw } from "../../check/draw.ts";
import { evaluate, type HostArray } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import { tolerances } from "../../check/tolerance.ts";
import { checkedRegnetConfig, type RegnetConfig } from "../../teacher/config.ts";
import { initialRegnet, initialRegnetValues, timm032, timm10, type InitRule } from "../../teacher/init.ts";
import { fold } from "../../tensor/key.ts";
import { size, type Shape } from "../../tensor/tensor.ts";

/** The number of values per tensor, of which the mean square is nearly normal, and of tensors per case. */
const [VALUES, TENSORS] = [3000, 2];

/** Variance of x²/σ² for the two distributions. */
const SQUARES = { normal: 2, uniform: 0.8 };

/** The expected values of a tensor: a constant, or draws from a distribution. */
type Expected = number | Distribution;

interface Distribution {
  readonly deviation: number;
  readonly from: keyof typeof SQUARES;
}

function expectedOf(name: string, [O = 0, , k = 1]: Shape, { groupWidth }: RegnetConfig, inputs: number, rule: InitRule): Expected {
  if (name === "head.fc.weight") return { deviation: 0.01, from: "normal" };
  if (name.endsWith(".conv2.conv.weight") && rule === timm10) return { deviation: Math.sqrt(2 / (groupWidth * k * k)), from: "normal" };
  if (name.endsWith(".conv.weight") || (name.includes(".se.") && name.endsWith("weight")))
    return { deviation: Math.sqrt(2 / (O * k * k)), from: "normal" };
  if (name.includes(".se.") && rule === timm032) return { deviation: 1 / Math.sqrt(3 * inputs), from: "uniform" };
  if (name.endsWith(".running_var")) return 1;
  return name.endsWith(".bn.weight") && !name.includes(".conv3.") ? 1 : 0;
}

/** The error of mean and mean square, in standard deviations; Infinity for a value that a uniform distribution cannot have. */
function offBy(values: readonly number[], { deviation, from }: Distribution): number {
  const n = values.length;
  const shares = values.map((x) => x / deviation);
  if (from === "uniform" && shares.some((x) => Math.abs(x) > Math.sqrt(3))) return Infinity;
  const mean = shares.reduce((sum, x) => sum + x, 0) / n;
  const meanSquare = shares.reduce((sum, x) => sum + x * x, 0) / n;
  return Math.max(Math.abs(mean) * Math.sqrt(n), Math.abs(meanSquare - 1) * Math.sqrt(n / SQUARES[from]));
}

function drawConfig(draw: Draw): RegnetConfig {
  const [groupWidth, stem, batchNormEps] = [draw.oneOf([3, 4, 8]), draw.integer(5, 9), 1e-5];
  return checkedRegnetConfig({ channels: 3, stem, widths: [24], depths: [2], groupWidth, seRatio: 0.25, classes: 7, batchNormEps });
}

const initialError: Row["error"] = async (engine, draw) => {
  const [config, key, rule] = [drawConfig(draw), draw.key(), draw.oneOf([timm032, timm10])];
  const trees = await evaluate(
    engine,
    (k) => (rule === timm032 ? initialRegnet(k, config, key) : initialRegnet(k, config, key, rule)), // the authors' rule is the default
  );
  const leaves = new Map([...trees].map(([path, leaf]) => [path.replace(/^(params|running)\./, ""), leaf]));
  const inputsOf = (name: string): number => leaves.get(name.replace(/bias$/, "weight"))?.shape[1] ?? 0;
  const drawn: [name: string, leaf: HostArray, expected: Distribution][] = [];
  for (const [name, leaf] of leaves) {
    const expected = expectedOf(name, leaf.shape, config, inputsOf(name), rule);
    if (typeof expected !== "number") drawn.push([name, leaf, expected]);
    else if (leaf.data.some((x) => x !== expected)) return Infinity;
  }
  if (new Set(drawn.map(([, { data }, { deviation }]) => (data[0] ?? NaN) / deviation)).size < drawn.length) return Infinity; // two tensors share a key
  const [first, ...others] = drawn;
  if (first === undefined) return Infinity;
  let worst = 0;
  for (let i = 0; i < TENSORS; i++) {
    const [name, { shape }, expected] = draw.oneOf([first, ...others]);
    const keys = Array.from({ length: Math.ceil(VALUES / size(shape)) }, (_, n) => fold(key, n));
    const values = keys.flatMap((own) => [...initialRegnetValues(config, own, name, shape, rule)]);
    worst = Math.max(worst, offBy(values, expected));
  }
  return worst;
};

export const initialValuesRow: Row = {
  id: "identity/regnet-initial-values",
  title:
    "initial values of RegNetY: standard deviations off the rule's mean and mean square, by both versions of timm; zeros and ones exactly",
  tolerance: tolerances.deviations,
  error: initialError,
};
