import { softmax } from "../../src/ops/softmax.ts";
import { normal, opCases, ti, type BenchCases } from "../case.ts";

/** The attention weights of a block. */
export const cases: BenchCases = (engine) => {
  const { T, h } = ti;
  return opCases(engine, `softmax ${h}×${T}×${T}`, softmax, { z: normal(engine, h, T, T) }, undefined, [h, T, T]);
};
