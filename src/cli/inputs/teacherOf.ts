/** Reads the teacher of a run from the run's folder. */
import { statSync, type Stats } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { numbersOf } from "../../io/weights/stored.ts";
import { completeTensors } from "../../io/weights/weights.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { checkedRegnetConfig } from "../../teacher/config.ts";
import { buildRegnet, regnetShapes } from "../../teacher/params.ts";
import { predictBy, type Teacher } from "../../train/run/teacher.ts";
import { tensorsAt } from "./weights.ts";

/** The part of the metadata `regnet` that is needed. */
const about = z.object({
  model: z.object({
    channels: z.number(),
    stem: z.number(),
    widths: z.array(z.number()),
    depths: z.array(z.number()),
    groupWidth: z.number(),
    seRatio: z.number(),
    classes: z.number(),
    batchNormEps: z.number(),
  }),
});

/** Uploads the teacher to an engine; returns its forward pass. */
export type StoredTeacher = (k: Kernels) => Teacher["predict"];

function read(path: string): StoredTeacher {
  const { metadata, tensors } = tensorsAt(path, {});
  try {
    const config = checkedRegnetConfig(about.parse(JSON.parse(metadata.get("regnet") ?? "null")).model);
    const shapes = new Map([...regnetShapes(config)].map(([name, { shape }]) => [name, shape]));
    const complete = completeTensors(shapes, tensors);
    return (k) => {
      const leaf = (name: string, shape: readonly number[]): ReturnType<Kernels["upload"]> => {
        const stored = complete.get(name);
        return k.upload(shape, stored === undefined ? [] : numbersOf(stored));
      };
      const { params, running: buffers } = buildRegnet(config, leaf);
      return predictBy(config, { params, buffers });
    };
  } catch (error) {
    throw new RangeError(`${path} is not the teacher of a run: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

/**
 * The teacher of a run; null: the source is not a run, or the run has no teacher.
 *
 * @throws RangeError for a damaged file
 */
export function teacherOf(source: string): StoredTeacher | null {
  const is = (path: string): Stats | undefined => statSync(path, { throwIfNoEntry: false });
  if (is(source)?.isDirectory() !== true) return null; // statSync throws for a path below a file
  const path = join(source, "teacher", "weights.safetensors");
  return is(path)?.isFile() === true ? read(path) : null;
}
