import { layerNorm } from "../../src/ops/layerNorm.ts";
import { normal, opCases, ti, type BenchCases } from "../case.ts";

export const cases: BenchCases = (engine) => {
  const { T, D } = ti;
  const inputs = { x: normal(engine, T, D), params: { weight: normal(engine, D), bias: normal(engine, D) } };
  return opCases(engine, `layerNorm ${T}×${D}`, layerNorm, inputs, { eps: 1e-6 }, [T, D]);
};
