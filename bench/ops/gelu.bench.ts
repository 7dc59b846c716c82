import { gelu } from "../../src/ops/gelu.ts";
import { normal, opCases, ti, type BenchCases } from "../case.ts";

export const cases: BenchCases = (engine) => {
  const { T, M } = ti;
  return opCases(engine, `gelu ${T}×${M}`, gelu, { x: normal(engine, T, M) }, undefined, [T, M]);
};
