/** Summarises a run in a few sentences and figures. */
import { parameterCount } from "../model/params.ts";
import { descriptionList } from "./descriptionList.ts";
import { html, nothing, percent, type Html } from "./html.ts";
import type { TokenCosines } from "../train/evaluation/tokenCosines.ts";
import type { Report, Results, Unfinished } from "./report.ts";

const grouped = (n: number): string => n.toLocaleString("en-GB");

const COSINE_DIGITS = 2;

const objectives: { readonly [kind: string]: string } = {
  none: "labels alone",
  "class-head": "labels alone, by the class head",
  "two-class-tokens": "labels alone, by two class tokens",
  hard: "labels and the teacher’s decisions (hard distillation)",
  soft: "labels and the teacher’s probabilities (soft distillation)",
};

/** What came out: of a run that has ended. */
function outcome({ student, teacher, teachers }: Results, test: string): Html {
  const [first, ...more] = teachers;
  const who = more.length > 0 ? `its ${teachers.length} teachers together` : `its teacher (${first?.name ?? "a network"})`;
  return html`It classifies ${percent(student.mean.top1)} of the ${grouped(student.mean.images)} images of
    <code>${test}</code> correctly${teacher === null ? nothing : html`, ${who} ${percent(teacher.top1)}`}.`;
}

/** How far it has come. */
const position = ({ running, stage, step, steps }: Unfinished): string =>
  `step ${grouped(step)} of ${grouped(steps)} of the ${stage}, ${running ? "running" : "stopped; --resume continues"}`;

/** The paragraph at the top of the report. */
export function lead({ recipe, result, unfinished }: Report): Html {
  const { model, training, distillation, data } = recipe;
  const now = unfinished === null ? nothing : html`<strong>${position(unfinished)}</strong>.`;
  return html`<p class="lead">
    A DeiT of ${model.depth} blocks, width ${model.width} and ${model.heads} heads, ${grouped(parameterCount(model))} parameters in
    all${model.distilled ? ", with a distillation token" : ""}, ${result === null ? "learns" : "learned"} <code>${data.train}</code> for
    ${training.schedule.epochs} epochs from ${objectives[distillation.kind] ?? distillation.kind}.
    ${result === null ? now : outcome(result, data.test)}
  </p>`;
}

type Tiles = readonly (readonly [name: string, value: string])[];

function tilesOf({ student, teacher, teachers }: Results, cosines: TokenCosines | null): Tiles {
  const { disagreement } = student.mean;
  return [
    [disagreement === null ? "top-1" : "top-1, both heads", percent(student.mean.top1)],
    ...(teacher === null ? [] : [[teachers.length > 1 ? "top-1, teachers together" : "top-1, teacher", percent(teacher.top1)] as const]),
    ...(disagreement === null ? [] : [["heads disagree on", percent(disagreement)] as const]),
    ...(cosines === null ? [] : [["token cosine, last block", (cosines.blocks.at(-1) ?? NaN).toFixed(COSINE_DIGITS)] as const]),
  ];
}

const LOSS_DIGITS = 3;

/** Of the stage that goes on. */
function tilesSoFar({ stage, step, steps }: Unfinished, { metrics }: Report): Tiles {
  const { last, evaluated } = metrics[stage === "student" ? stage : "teacher"];
  const [top1, loss, speed] = [evaluated.at(-1)?.["top1"], last?.["loss"], last?.["images_per_second"]];
  return [
    ["done", percent(step / steps)],
    ...(top1 === undefined ? [] : [["top-1, last epoch", percent(top1)] as const]),
    ...(loss === undefined ? [] : [["loss, last step", loss.toFixed(LOSS_DIGITS)] as const]),
    ...(speed === undefined ? [] : [["images a second", speed.toFixed(0)] as const]),
  ];
}

/** The figures that readers look for first. */
export function tiles(report: Report): Html {
  const { result, unfinished, cosines } = report;
  if (result !== null) return descriptionList("tiles", tilesOf(result, cosines));
  return unfinished === null ? nothing : descriptionList("tiles", tilesSoFar(unfinished, report));
}
