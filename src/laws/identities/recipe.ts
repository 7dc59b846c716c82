/** Consequences of the recipe's equations, and the parts of a training step that have no number in deit.md. */
import type { Draw } from "../../check/draw.ts";
import { leavesOf, mapHost, upload, type HostArray } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import { adamw, type Moments } from "../../train/optimizer/adamw.ts";
import { clip, globalNorm } from "../../train/optimizer/clip.ts";
import { claimsRow, type Claim } from "../cases/claim.ts";
import { deitTaskRows } from "./deitTask.ts";
import { microBatchRows } from "./microBatches.ts";
import { fusedRoutinesRow } from "./fusedRoutines.ts";
import { initialValuesRow } from "./initialValues.ts";
import { clipped, squares } from "../loops/recipe.ts";
import { blank, drawAdamW, drawTree, type Params } from "../cases/optimizerCase.ts";
import { paired } from "../loops/rows.ts";
import { tabulate } from "../loops/matrix.ts";
import { trainStepRow } from "./trainStep.ts";

/** A limit below the norm scales the whole gradient to the limit; a limit above the norm changes no bit. */
function clipClaims(draw: Draw): readonly Claim[] {
  const grads = drawTree(draw);
  const norm = Math.sqrt(squares(leavesOf(grads).values()));
  return [draw.real(0.1, 0.9), draw.real(1.1, 3)].map((factor) => ({
    actual: (k) => ({ norm: globalNorm(k, upload<Params>(k, grads)), clipped: clip(k, upload<Params>(k, grads), factor * norm) }),
    expected: { norm: tabulate([1], () => norm), clipped: mapHost(grads, (g) => clipped(g, norm, factor * norm)) },
  }));
}

/** From m = v = 0, after decay: θ moves by η|g|/(|g| + eps) against the sign of g, whatever β₁ and β₂. */
function firstStepClaims(draw: Draw): readonly Claim[] {
  const [params, grads, attrs] = [drawTree(draw), drawTree(draw), drawAdamW(draw, 1)];
  const { lr, eps, weightDecay } = attrs;
  const gradients = leavesOf(grads);
  const moved = (theta: HostArray, g: HostArray): HostArray =>
    paired(theta, g, (x, d) => x * (1 - lr * weightDecay) - (Math.sign(d) * lr * Math.abs(d)) / (Math.abs(d) + eps));
  return [
    {
      actual: (k) => {
        const moments = upload<Moments<Params>>(k, { m: blank, v: blank });
        return adamw(
          k,
          { params: upload<Params>(k, params), moments, grads: upload<Params>(k, grads), finite: null, skipped: null },
          attrs,
          () => true,
        ).params;
      },
      expected: mapHost(params, (theta, name) => moved(theta, gradients.get(name) ?? theta)),
    },
  ];
}

export const recipeIdentities: readonly Row[] = [
  initialValuesRow,
  claimsRow("identity/first-step", "AdamW's first step moves each weight by η|g|/(|g| + eps) after the decay", firstStepClaims),
  claimsRow("identity/clip", "clipping scales a gradient down to a norm, and never up", clipClaims),
  fusedRoutinesRow,
  trainStepRow,
  ...deitTaskRows,
  ...microBatchRows,
];
