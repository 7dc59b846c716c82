/** `deit bench project`: predicts how long the paper's trainings would take on a GPU, without the GPU. */
import { adapterNamed } from "../../bench/adapters.ts";
import type { ForecastSettings } from "../../bench/forecast.ts";
import { projected, stages, type Projection } from "../../bench/projection.ts";
import { deitConfig, deitNames } from "../../model/config.ts";
import { regnetConfig } from "../../teacher/config.ts";
import { MemoryError } from "../../tensor/errors.ts";
import { chosen, type BenchOptions } from "./options.ts";
import { printJson, showForNow } from "../output.ts";
import { nameOf, printProjections, projectionsJson, type Case } from "./projectTable.ts";

/** The teacher of the paper (deit.md 8.2). */
const TEACHER = "regnety-16gf";
const ADAPTER = "h100";
/** Images of a step, unless --batch says otherwise. */
export const PROJECT_BATCH = 64;

const precisions = ["f16", "f32"] as const;

const cases: readonly Case[] = deitNames.flatMap((model) =>
  stages.flatMap((stage) =>
    precisions.map((precision) => ({ model, teacher: deitConfig(model).distilled ? TEACHER : null, stage, precision })),
  ),
);

/** The projection of a case, or the reason why such a step is impossible. */
function projectedOr({ model, teacher, stage }: Case, batch: number, settings: ForecastSettings): Projection | string {
  try {
    return projected({ config: deitConfig(model), teacher: teacher === null ? null : regnetConfig(teacher) }, stage, batch, settings);
  } catch (error) {
    if (error instanceof MemoryError) return error.message;
    throw error;
  }
}

export function project({ adapter: name = ADAPTER, batch = PROJECT_BATCH, only, profile, json }: BenchOptions): void {
  const adapter = adapterNamed(name);
  const rows = chosen(cases, nameOf, only).map((one) => {
    showForNow(nameOf(one));
    return { ...one, found: projectedOr(one, batch, { adapter, precision: one.precision }) };
  });
  showForNow("");
  if (json === true) printJson(projectionsJson({ adapter, batch, rows }, profile === true));
  else printProjections({ adapter, batch, rows }, profile === true);
}
