import { linear } from "../../src/ops/linear.ts";
import { normal, opCases, ti, type BenchCases } from "../case.ts";

/** fc1 of a block: [198, 192] · [192, 768]. */
export const cases: BenchCases = (engine) => {
  const { T, D, M } = ti;
  const inputs = { x: normal(engine, T, D), params: { weight: normal(engine, M, D), bias: normal(engine, M) } };
  return opCases(engine, `linear ${T}×${D} → ${M}`, linear, inputs, undefined, [T, M]);
};
