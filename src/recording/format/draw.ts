/** Draws from a key what a recording needs in addition to weights and images: labels, targets, the teacher's logits, drop-path multipliers. */
import { drawOf, type Draw } from "../../check/draw.ts";
import type { HostArray, Leaves } from "../../check/host.ts";
import { fold, type Key } from "../../tensor/key.ts";
import { size, type Shape } from "../../tensor/tensor.ts";
import type { Configuration } from "./configuration.ts";
import { tensorSpecsOf } from "./tensorSpecs.ts";

/** The standard deviation of the teacher's logits: large enough for clear decisions. */
const TEACHER_DEVIATION = 2;

/** Multipliers of drop path: 0 with probability `rate`, else 1/(1 − rate) (E31). */
function multipliers(draw: Draw, shape: Shape, rate: number): HostArray {
  if (!(rate >= 0 && rate < 1)) throw new RangeError(`drop path: the rate must be in [0, 1), got ${rate}`);
  return { shape, data: Float64Array.from({ length: size(shape) }, () => (draw.real(0, 1) < rate ? 0 : draw.round(1 / (1 - rate)))) };
}

/** Draws `labels`, `distribution`, `teacher` or `dropPath/…`; the numbers are representable in f32. */
export function drawnGiven(draw: Draw, name: string, shape: Shape, classes: number, dropPath: number): HostArray {
  if (name === "labels") return draw.labels(shape, classes);
  if (name === "distribution") return draw.distribution(shape);
  if (name === "teacher") return draw.array(shape, { deviation: TEACHER_DEVIATION });
  if (name.startsWith("dropPath/")) return multipliers(draw, shape, dropPath);
  throw new RangeError(`nothing draws ${name}`);
}

/**
 * All tensors that the JSON calls for: the known ones, and the others drawn. Each is drawn from its own name, so it does not depend on the others.
 *
 * @param dropPath rate of drop path, in [0, 1)
 */
export function givenOf(configuration: Configuration, batch: number, known: Leaves, key: Key, dropPath: number): Leaves {
  const specs = [...tensorSpecsOf(configuration, batch)].filter(([, { role }]) => role === "given");
  const valueOf = (name: string, shape: Shape): HostArray =>
    known.get(name) ?? drawnGiven(drawOf(fold(key, name), "f32"), name, shape, configuration.model.classes, dropPath);
  return new Map(specs.map(([name, { shape }]) => [name, valueOf(name, shape)]));
}
