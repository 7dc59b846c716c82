/** Disputed choices about the network. */
import { hostArray } from "deit/check";
import {
  addPosition,
  deitConfig,
  initialValues,
  keyOf,
  layerNorm,
  normalAt,
  prefixTokens,
  resizeMatrix,
  scores,
  softmax,
  type Kernels,
  type Resampling,
  type Tensor,
} from "deit";
import { numberOf, onEngine, onHost, type Choice, type TensorOf, type Way } from "./choice.ts";

/** A of (E7), normalised over keys or over queries. */
function probabilities(k: Kernels, of: TensorOf, over: "keys" | "queries"): Tensor {
  const [q, keys] = [of("Q"), of("K")];
  const S = k.reshape(
    scores.forward(k, { q: k.reshape(q, [1, 1, ...q.shape]), keys: k.reshape(keys, [1, 1, ...keys.shape]) }, undefined).out,
    [2, 3],
  );
  const exchange = (t: Tensor): Tensor => (over === "keys" ? t : k.permute(t, [1, 0]));
  return exchange(softmax.forward(k, { z: exchange(S) }, undefined).out);
}

const rowsOrColumns = (f: (k: Kernels, A: Tensor, of: TensorOf) => Tensor): Choice["ways"] => [
  {
    by: { en: "Every row, one query's weights on the keys (E7)", zh: "每一行：一个查询对各个键的权重(E7)" },
    compute: onEngine((k, of) => f(k, probabilities(k, of, "keys"), of)),
  },
  {
    by: { en: "Every column, as the summary says", zh: "每一列：原文的说法" },
    compute: onEngine((k, of) => f(k, probabilities(k, of, "queries"), of)),
  },
];

const queriesKeys: readonly (readonly [string, ReturnType<typeof hostArray>])[] = [
  ["Q", hostArray([2, 2], [2, 0, 0, 2])],
  ["K", hostArray([3, 2], [1, 0, 0, 1, 1, 1])],
];

const columns: Choice = {
  inputs: new Map(queriesKeys),
  result: { en: "A, and the sum of each row", zh: "A，以及每一行之和" },
  columns: { en: ["key 0", "key 1", "key 2", "row sum"], zh: ["键 0", "键 1", "键 2", "行和"] },
  ways: rowsOrColumns((k, A) => k.concat([A, k.sumLast(A)], 1)),
};

const columnsOutput: Choice = {
  inputs: new Map([...queriesKeys, ["V", hostArray([3, 1], [10, 10, 10])] as const]),
  result: { en: "A V, the output of each query (one row each)", zh: "A V，每个查询的输出（每行一个）" },
  ways: rowsOrColumns((k, A, of) => k.matmul(A, of("V"))),
};

/** [cls; dist; E] + pos with D = 2 and two patches, in this order whatever the order inside. */
const tokenPlace: Choice = {
  inputs: new Map([
    ["pos", hostArray([4, 2], [0, 0, 10, 10, 20, 20, 30, 30])],
    ["tokens", hostArray([4, 2], [1, 2, 3, 4, 5, 6, 7, 8])],
  ]),
  result: {
    en: "Rows: class token, distillation token, patch 0, patch 1, each with the position it got",
    zh: "各行：类别 token、蒸馏 token、图像块 0、图像块 1，已加上各自得到的位置",
  },
  ways: [
    {
      by: { en: "The code, timm, Hugging Face: index 1", zh: "代码、timm、Hugging Face：序号 1" },
      compute: onEngine((k, of) => {
        const [all, pos] = [of("tokens"), k.reshape(of("pos"), [1, 4, 2])];
        const token = (i: number): Tensor => k.reshape(k.slice(all, 0, i, i + 1), [1, 1, 2]);
        const x = prefixTokens.forward(
          k,
          { patches: k.reshape(k.slice(all, 0, 2, 4), [1, 2, 2]), tokens: [token(0), token(1)] },
          undefined,
        ).out;
        return k.reshape(addPosition.forward(k, { x, pos }, undefined).out, [4, 2]);
      }),
    },
    {
      by: { en: "The paper's figure: last, with the released positions", zh: "论文的图：放在最后，位置用发布的权重" },
      compute: onEngine((k, of) => last(k, of, false)),
    },
    { by: { en: "Last, and its position moved with it", zh: "放在最后，位置也随之移动" }, compute: onEngine((k, of) => last(k, of, true)) },
  ],
};

/** The distillation token after the patches; the result is brought back into the usual order. */
function last(k: Kernels, of: TensorOf, moved: boolean): Tensor {
  const toEnd = (t: Tensor): Tensor => k.concat([k.slice(t, 0, 0, 1), k.slice(t, 0, 2, 4), k.slice(t, 0, 1, 2)], 0);
  const x = k.reshape(toEnd(of("tokens")), [1, 4, 2]);
  const pos = k.reshape(moved ? toEnd(of("pos")) : of("pos"), [1, 4, 2]);
  const out = k.reshape(addPosition.forward(k, { x, pos }, undefined).out, [4, 2]);
  return k.concat([k.slice(out, 0, 0, 1), k.slice(out, 0, 3, 4), k.slice(out, 0, 1, 3)], 0);
}

const normalised = (by: Way["by"], eps: number): Way => ({
  by,
  compute: onEngine(
    (k, of) => layerNorm.forward(k, { x: of("x"), params: { weight: k.upload([4], [1, 1, 1, 1]), bias: k.zeros([4]) } }, { eps }).out,
  ),
});

const epsilon: Choice = {
  inputs: new Map([["x", hostArray([1, 4], [0.002, -0.001, 0.001, -0.002])]]),
  result: { en: "LN(x) with γ = 1, β = 0", zh: "γ = 1、β = 0 时的 LN(x)" },
  ways: [
    normalised({ en: "The authors' code and timm: ε = 1e-6", zh: "作者代码与 timm：ε = 1e-6" }, 1e-6),
    normalised({ en: "Hugging Face's default: ε = 1e-12", zh: "Hugging Face 默认：ε = 1e-12" }, 1e-12),
    normalised({ en: "PyTorch's default: ε = 1e-5", zh: "PyTorch 默认：ε = 1e-5" }, 1e-5),
  ],
};

const resampled = (by: Way["by"], resampling: Resampling): Way => ({
  by,
  compute: onEngine((k, _, inputs) => {
    const [n, m] = [numberOf(inputs, "n"), numberOf(inputs, "m")];
    if (![n, m].every((side) => Number.isInteger(side) && side > 0 && side <= 24))
      throw new RangeError("n and m must be whole numbers from 1 to 24");
    return k.upload([m, n], resizeMatrix(n, m, resampling));
  }),
});

const positions: Choice = {
  inputs: new Map([["n", hostArray([1], [3])], ["m", hostArray([1], [5])]]), // prettier-ignore
  result: { en: "R, one row for each output", zh: "R，每个输出一行" },
  ways: [
    resampled({ en: "The authors' code: a = −0.75, borders clamped", zh: "作者代码：a = −0.75，边界截断" }, "deit"),
    resampled(
      { en: "timm now: a = −0.5, weights outside dropped, antialiased", zh: "现在的 timm：a = −0.5，丢弃界外权重，抗锯齿" },
      "timm",
    ),
  ],
};

const classToken: Choice = {
  inputs: new Map([["seed", hostArray([1], [0])]]),
  result: { en: "The first five numbers of cls_token", zh: "cls_token 的前五个数" },
  ways: [
    {
      by: { en: "The authors' code: truncated normal, 0.02", zh: "作者代码：截断正态，0.02" },
      compute: onHost((inputs) => [...initialValues(deitConfig("deit-tiny"), keyOf(numberOf(inputs, "seed")), "cls_token", [1, 1, 5])]),
    },
    {
      by: { en: "timm: normal, 1e-6", zh: "timm：正态，1e-6" },
      compute: onHost((inputs) => Array.from({ length: 5 }, (_, i) => 1e-6 * normalAt(keyOf(numberOf(inputs, "seed")), i))),
    },
    { by: { en: "Hugging Face: zeros", zh: "Hugging Face：零" }, compute: onHost(() => [0, 0, 0, 0, 0]) },
  ],
};

export const network: Readonly<Record<string, Choice>> = {
  columns,
  "columns-output": columnsOutput,
  "token-place": tokenPlace,
  "ln-eps": epsilon,
  "position-resize": positions,
  "cls-init": classToken,
};
