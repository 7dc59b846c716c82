/** Summarises a run in a few sentences and figures. */
import { parameterCount } from "../model/params.ts";
import { descriptionList } from "./descriptionList.ts";
import { html, nothing, percent, type Html } from "./html.ts";
import type { Report } from "./report.ts";

const grouped = (n: number): string => n.toLocaleString("en-GB");

const COSINE_DIGITS = 2;

const objectives: { readonly [kind: string]: string } = {
  none: "labels alone",
  "class-head": "labels alone, by the class head",
  "two-class-tokens": "labels alone, by two class tokens",
  hard: "labels and the teacher’s decisions (hard distillation)",
  soft: "labels and the teacher’s probabilities (soft distillation)",
};

/** The paragraph at the top of the report. */
export function lead({ recipe, result: { student, teacher, teachers } }: Report): Html {
  const [first, ...more] = teachers;
  const who = more.length > 0 ? `its ${teachers.length} teachers together` : `its teacher (${first?.name ?? "a network"})`;
  const { model, training, distillation, data } = recipe;
  return html`<p class="lead">
    A DeiT of ${model.depth} blocks, width ${model.width} and ${model.heads} heads, ${grouped(parameterCount(model))} parameters in
    all${model.distilled ? ", with a distillation token" : ""}, learned <code>${data.train}</code> for ${training.schedule.epochs} epochs
    from ${objectives[distillation.kind] ?? distillation.kind}. It classifies ${percent(student.mean.top1)} of the
    ${grouped(student.mean.images)} images of
    <code>${data.test}</code> correctly${teacher === null ? nothing : html`, ${who} ${percent(teacher.top1)}`}.
  </p>`;
}

/** The figures that readers look for first. */
export function tiles({ result: { student, teacher, teachers, cosines } }: Report): Html {
  const { disagreement } = student.mean;
  const all: readonly (readonly [name: string, value: string])[] = [
    [disagreement === null ? "top-1" : "top-1, both heads", percent(student.mean.top1)],
    ...(teacher === null ? [] : [[teachers.length > 1 ? "top-1, teachers together" : "top-1, teacher", percent(teacher.top1)] as const]),
    ...(disagreement === null ? [] : [["heads disagree on", percent(disagreement)] as const]),
    ...(cosines === null ? [] : [["token cosine, last block", (cosines.blocks.at(-1) ?? NaN).toFixed(COSINE_DIGITS)] as const]),
  ];
  return descriptionList("tiles", all);
}
