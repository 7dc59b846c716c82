/** The rest of deit.md 8.1 about the teacher: a whole network, its running statistics, its tensors and their initial values. */
import type { Draw } from "../../check/draw.ts";
import { leavesOf, upload, type HostArray, type Leaves } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import type { BatchNormBuffers } from "../../teacher/batchNorm.ts";
import { blocksOf, stagesOf, type RegnetNorms } from "../../teacher/norms.ts";
import { regnetLogits, regnetPredict, regnetTrain, type RegnetAttrs, type RegnetInputs } from "../../teacher/regnet.ts";
import { moveRunning } from "../../teacher/runningStatistics.ts";
import { checkpoint, evaluation, networkCallOf, training } from "../cases/calls/regnet.ts";
import { forwardClaim, claimsRow, type Claim } from "../cases/claim.ts";
import { need, regnetTrain as regnetTrainByLoops } from "../loops/regnet.ts";
import { paired } from "../loops/rows.ts";
import { initialValuesRow } from "../rows/teacherInit.ts";
import { parametersRow } from "../rows/teacherTensors.ts";

function forwardClaims(draw: Draw): readonly Claim[] {
  const call = networkCallOf(evaluation)(draw);
  const predicted = (k: Kernels): unknown => regnetPredict(k, upload<RegnetInputs>(k, call.inputs), upload<RegnetAttrs>(k, call.attrs));
  return [
    forwardClaim(regnetTrain, networkCallOf(training)(draw)),
    forwardClaim(regnetLogits, call),
    { actual: predicted, expected: call.expected.logits },
  ];
}

/** m in RegNetY. */
const PRINTED_MOMENTUM = 0.1;

type Call = Pick<ReturnType<ReturnType<typeof networkCallOf>>, "inputs" | "attrs">;

/** Mean and unbiased variance of each norm for one batch, by loops. */
function statisticsOf({ inputs, attrs }: Call, images: HostArray): Leaves {
  const depths = stagesOf(inputs.params).map(([, blocks]) => blocksOf(blocks).length);
  const weights = checkpoint({ params: inputs.params, running: attrs.running });
  return regnetTrainByLoops(weights, images, { depths, groupWidth: attrs.groupWidth, eps: attrs.eps }).stats;
}

/** mean ← (1 − m) mean + m μ, var ← (1 − m) var + m v n/(n − 1), and one more batch. */
function movedBy(running: Leaves, stats: Leaves, m: number): Leaves {
  const moved = ([name, old]: readonly [string, HostArray]): readonly [string, HostArray] => {
    if (name.endsWith(".num_batches_tracked")) return [name, { shape: [], data: old.data.map((count) => count + 1) }];
    const batch = need(stats, name.replace(".running_mean", ".mean").replace(".running_var", ".variance"));
    return [name, paired(old, batch, (x, y) => (1 - m) * x + m * y)];
  };
  return new Map([...running].map(moved));
}

/** The claim about one step for each batch; `momentum` null: RegNetY's m. */
function runningClaim(call: Call, batches: readonly HostArray[], momentum: number | null): Claim {
  const { inputs, attrs } = call;
  const expected = batches.reduce(
    (running, images) => movedBy(running, statisticsOf(call, images), momentum ?? PRINTED_MOMENTUM),
    leavesOf(attrs.running),
  );
  const actual = (k: Kernels): RegnetNorms<BatchNormBuffers> => {
    const params = upload<RegnetInputs["params"]>(k, inputs.params);
    let running = upload<RegnetNorms<BatchNormBuffers>>(k, attrs.running);
    for (const images of batches) {
      const { out } = regnetTrain.forward(k, { images: k.upload(images.shape, images.data), params }, { ...attrs, running });
      running = momentum === null ? moveRunning(k, running, out.stats.constant) : moveRunning(k, running, out.stats.constant, momentum);
    }
    return running;
  };
  return { actual, expected: Object.fromEntries(expected) };
}

function runningClaims(draw: Draw): readonly Claim[] {
  const call = networkCallOf(training)(draw);
  const { images } = call.inputs;
  const momentum = draw.real(0.05, 0.95);
  return [runningClaim(call, [images, draw.array(images.shape)], momentum), runningClaim(call, [images], null)];
}

/** Ids are `identity/NAME`. */
export const teacherIdentities: readonly Row[] = [
  claimsRow("identity/regnet-forward", "a whole RegNetY: logits and batch statistics in training, logits in evaluation", forwardClaims),
  claimsRow(
    "identity/regnet-running-statistics",
    "mean ← (1 − m) mean + m μ, var ← (1 − m) var + m v n/(n − 1), batches + 1, step by step; m = 0.1",
    runningClaims,
  ),
  parametersRow,
  initialValuesRow,
];
