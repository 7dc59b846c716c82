/** What is timed: a name, and a function that does the work once. */
import type { Engine } from "../src/kernels/engine.ts";
import type { Op } from "../src/ops/op.ts";
import { keyOf } from "../src/tensor/key.ts";
import { size, type Shape, type Tensor } from "../src/tensor/tensor.ts";
import { drawOf } from "../src/check/draw.ts";

export interface BenchCase {
  readonly name: string;
  /** Multiply–adds of one run, 0 where it has no product. */
  readonly macs: number;
  readonly run: () => void;
}

/** The cases of one file on one engine. */
export type BenchCases = (engine: Engine) => readonly BenchCase[];

/** Normal draws; the values do not matter, but zeros would. */
export const normal = (engine: Engine, ...shape: number[]): Tensor =>
  engine.kernels.upload(shape, drawOf(keyOf(size(shape))).array(shape).data);

/** Forward and pullback of an op, each as a case; results are dropped in a region of their own. */
export function opCases<In, Saved, Attrs>(
  engine: Engine,
  title: string,
  op: Op<In, Saved, Attrs>,
  inputs: In,
  attrs: Attrs,
  outShape: Shape,
): readonly BenchCase[] {
  const { kernels: k } = engine;
  const dOut = normal(engine, ...outShape);
  const dropped = (f: () => unknown) => (): void => {
    k.region("bench", () => {
      f();
      return null;
    });
  };
  const { saved } = op.forward(k, inputs, attrs);
  const timed = (phase: string, f: () => unknown): BenchCase => {
    const before = engine.counters().macs;
    dropped(f)();
    return { name: `${title} ${phase}`, macs: engine.counters().macs - before, run: dropped(f) };
  };
  return [timed("forward", () => op.forward(k, inputs, attrs)), timed("vjp", () => op.vjp(k, saved, dOut))];
}

/** Shapes of DeiT-Ti⚗ at 224, batch 1. */
export const ti = { T: 198, D: 192, h: 3, d: 64, M: 768 } as const;
