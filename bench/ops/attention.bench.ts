import { attention } from "../../src/ops/attention.ts";
import { normal, opCases, ti, type BenchCases } from "../case.ts";

export const cases: BenchCases = (engine) => {
  const { T, h, d } = ti;
  const head = (): ReturnType<typeof normal> => normal(engine, 1, h, T, d);
  return opCases(engine, `attention ${h}×${T}×${d}`, attention, { q: head(), k: head(), v: head() }, { dropout: null }, [1, h, T, d]);
};
