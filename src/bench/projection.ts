/** From the forecast of one step to the hours of the paper's trainings (deit.md 7) on one adapter; the authors used eight V100. */
import type { DeitConfig } from "../model/config.ts";
import type { RegnetConfig } from "../teacher/config.ts";
import { columns, type Column } from "./costs/estimate.ts";
import type { Forecast, ForecastSettings } from "./forecast.ts";
import { forecast, largestBatch } from "./forecast.ts";
import { trainProgram } from "./train.ts";

/** Images of ImageNet's training set (deit.md 9.7). */
const IMAGES = 1_281_167;
/** With repeated augmentation an epoch shows a multiple of so many images: three views each of a third of the images (deit.md 7.11). */
const MULTIPLE = 256;

/** Images that a model sees in an epoch; three views of one image count as three. */
export const viewsOfEpoch: number = Math.floor(IMAGES / MULTIPLE) * MULTIPLE;

/** A training of the paper. */
export interface Stage {
  readonly title: string;
  /** Side of the images in pixels. */
  readonly imageSize: number;
  readonly epochs: number;
  /** Hours of DeiT-B on eight V100 in half precision (deit.md 7.15). */
  readonly paperHours: number;
}

export const stages: readonly Stage[] = [
  { title: "training at 224", imageSize: 224, epochs: 300, paperHours: 53 },
  { title: "fine-tuning at 384", imageSize: 384, epochs: 25, paperHours: 20 },
];

/** Hours of a stage whose steps of B images take `ms` ms each. */
export const hoursOf = ({ epochs }: Stage, B: number, ms: number): number => ((epochs * viewsOfEpoch) / B) * (ms / 3.6e6);

export interface Trained {
  readonly config: DeitConfig;
  /** The teacher of a distilled model, whose forward is part of a step; null: a plain model has none. */
  readonly teacher: RegnetConfig | null;
}

/** A column of a projection. */
export interface ProjectedColumn {
  readonly column: Column;
  /** Speed as a share of that in the column `bound`. */
  readonly share: number;
  /** ms of a step: the device's or the host's, whichever takes longer. */
  readonly ms: number;
  readonly deviceMs: number;
  readonly hostMs: number;
  readonly imagesPerSecond: number;
  readonly hours: number;
}

export interface Projection {
  readonly forecast: Forecast;
  /** The largest batch that fits the adapter's memory. */
  readonly largestBatch: number;
  readonly at: readonly ProjectedColumn[];
}

/**
 * Projects a stage of training in steps of B images, each with all that a step of the recipe has.
 *
 * @throws MemoryError where a tensor of such a step is too large for a buffer
 */
export function projected({ config, teacher }: Trained, stage: Stage, B: number, settings: ForecastSettings): Projection {
  const scaledLoss = settings.precision === "f16";
  const program = (whole: boolean): ReturnType<typeof trainProgram> =>
    trainProgram({ ...config, imageSize: stage.imageSize }, "normal", { teacher, scaledLoss, whole });
  const found = forecast(program(true), B, settings);
  const { step, device, host } = found.cost;
  const at = columns.map((column) => {
    const ms = step[column];
    const [share, imagesPerSecond] = [step.bound / ms, B / (ms / 1e3)];
    return { column, share, ms, deviceMs: device[column], hostMs: host[column], imagesPerSecond, hours: hoursOf(stage, B, ms) };
  });
  return { forecast: found, largestBatch: largestBatch(program(false), settings), at };
}
