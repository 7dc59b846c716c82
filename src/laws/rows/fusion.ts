/** (E27): the decision of two heads, by the paper's rule and by the authors' code. */
import type { Draw } from "../../check/draw.ts";
import { hostArray, upload, type HostArray } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import type { Precision } from "../../kernels/engine.ts";
import { meanOfLogits, sumOfSoftmax } from "../../model/fusion.ts";
import type { Logits } from "../../model/heads.ts";
import { axis, type Shape } from "../../tensor/tensor.ts";
import { lossSizes } from "../cases/calls/losses.ts";
import { claimsRow, type Claim } from "../cases/claim.ts";
import { argmaxes } from "../loops/losses.ts";
import { softmax } from "../loops/softmax.ts";
import { at, tabulate } from "../loops/matrix.ts";
import { paired } from "../loops/rows.ts";

/** [B, K] */
interface TwoLogits {
  readonly head: HostArray;
  readonly head_dist: HostArray;
}

const add = (a: HostArray, b: HostArray): HostArray => paired(a, b, (x, y) => x + y);

/** argmax_k [σ(z_c) + σ(z_d)]_k */
const paperScores = ({ head, head_dist }: TwoLogits): HostArray => add(softmax(head), softmax(head_dist));

/** argmax_k [z_c + z_d]_k */
const codeScores = ({ head, head_dist }: TwoLogits): HostArray => add(head, head_dist);

/** How far the best class must lead: by more than the rounding errors of sums of up to 20. */
const MARGIN: { readonly [P in Precision]: number } = { f64: 1e-6, f32: 1e-5, f16: 1e-1 };

/** Whether in each row one class leads by the margin. */
function clear(scores: HostArray, margin: number): boolean {
  const best = argmaxes(scores);
  const leads = tabulate(scores.shape, (b, k) => (k === at(best, b) ? Infinity : at(scores, b, at(best, b)) - at(scores, b, k)));
  return leads.data.every((lead) => lead > margin);
}

/** Logits whose decision is clear by both rules. */
function clearLogits(draw: Draw, shape: Shape): TwoLogits {
  const margin = MARGIN[draw.precision];
  for (;;) {
    const logits = { head: draw.array(shape, { deviation: 3 }), head_dist: draw.array(shape, { deviation: 3 }) };
    if (clear(paperScores(logits), margin) && clear(codeScores(logits), margin)) return logits;
  }
}

/** The claim that both rules decide as expected. */
const decided = (logits: TwoLogits, expected: { readonly paper: HostArray; readonly code: HostArray }): Claim => ({
  actual: (k) => {
    const uploaded = upload<Logits>(k, { head: logits.head, head_dist: logits.head_dist });
    return { paper: k.argmaxLast(sumOfSoftmax.forward(k, uploaded).out), code: k.argmaxLast(meanOfLogits.forward(k, uploaded).out) };
  },
  expected,
});

/** A plain model has one head and one decision. */
const plain = (head: HostArray): Claim => ({
  actual: (k) => {
    const logits = upload<Logits>(k, { head, head_dist: null });
    return [sumOfSoftmax, meanOfLogits].map((rule) => k.argmaxLast(rule.forward(k, logits).out));
  },
  expected: [argmaxes(head), argmaxes(head)],
});

/** deit.md 2.6: paper (0.9951, 0.5274, 0.4775), code (−2, 0.05, 0). */
const counterExample: Claim = decided(
  { head: hostArray([1, 3], [6, 0, 0]), head_dist: hostArray([1, 3], [-10, 0.1, 0]) },
  { paper: hostArray([1], [0]), code: hostArray([1], [1]) },
);

function claims(draw: Draw): readonly Claim[] {
  const logits = clearLogits(draw, lossSizes(draw));
  const binary = clearLogits(draw, [draw.integer(1, 5), 2]);
  const binaryDecision = tabulate([axis(binary.head.shape, 0)], (b) => {
    const difference = at(binary.head, b, 1) - at(binary.head, b, 0) + at(binary.head_dist, b, 1) - at(binary.head_dist, b, 0);
    return difference > 0 ? 1 : 0;
  });
  return [
    decided(logits, { paper: argmaxes(paperScores(logits)), code: argmaxes(codeScores(logits)) }),
    decided(binary, { paper: binaryDecision, code: binaryDecision }), // identical for K = 2
    plain(logits.head),
    counterExample,
  ];
}

export const fusionRow: Row = claimsRow("E27", "fusion of two heads: the paper's decision and the code's", claims, "exact");
