/** The divergence measures a distance: it is never negative, and 0 only where both distributions are equal. */
import { evaluateOne, upload } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import { tolerances } from "../../check/tolerance.ts";
import { divergence, type DivergenceAttrs, type DivergenceInputs } from "../../losses/divergence.ts";
import { reverseDivergence } from "../../losses/reverseDivergence.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { divergenceCall, moderate } from "../cases/calls/losses.ts";
import { errorOf, type Claim } from "../cases/claim.ts";
import { scalar, tempered } from "../loops/losses.ts";
import { softmax } from "../loops/softmax.ts";
import { at, sum, tabulate } from "../loops/matrix.ts";

/** By how much τ² KL is below τ²/(2B) Σ_b (Σ_k |p_bk − s_bk|)², its lower bound (Pinsker's inequality), which is 0 only for p = s. */
const divergenceError: Row["error"] = async (engine, draw) => {
  const { inputs, attrs } = divergenceCall(draw, moderate, "batch");
  const { tau } = attrs;
  const [B = 0, K = 0] = inputs.student.shape;
  const [p, s] = [softmax(tempered(attrs.teacher, tau)), softmax(tempered(inputs.student, tau))];
  const bound = (tau ** 2 / (2 * B)) * sum(B, (b) => sum(K, (k) => Math.abs(at(p, b, k) - at(s, b, k))) ** 2);
  const shift = draw.array([B]);
  const teacher = tabulate([B, K], (b, k) => at(inputs.student, b, k) + at(shift, b)); // the same distribution
  const same: readonly Claim[] = [divergence, reverseDivergence].map((op) => ({
    actual: (k) => op.forward(k, upload<DivergenceInputs>(k, inputs), { ...attrs, teacher: upload<Tensor>(k, teacher) }).out,
    expected: scalar(0),
  }));
  let shortest = 0;
  for (const op of [divergence, reverseDivergence]) {
    const { data } = await evaluateOne(
      engine,
      (k) => op.forward(k, upload<DivergenceInputs>(k, inputs), upload<DivergenceAttrs>(k, attrs)).out,
    );
    shortest = Math.max(shortest, bound - (data[0] ?? NaN));
  }
  return Math.max(shortest, await errorOf(engine, same));
};

export const divergenceBoundRow: Row = {
  id: "identity/divergence-bound",
  title: "KL is at least half the squared distance of the distributions, and 0 where logits differ by a constant",
  tolerance: tolerances.equation,
  error: divergenceError,
};
