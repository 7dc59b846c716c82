/** The first SIMD kernel against the reference loop: f32 in four lanes, and f64 one by one. */
import { readFileSync } from "node:fs";
import { normal, ti, type BenchCases } from "../case.ts";

const BYTES = 4;

export const cases: BenchCases = (engine) => {
  const { T, M } = ti;
  const n = T * M;
  const memory = new WebAssembly.Memory({ initial: 64 });
  const module = new WebAssembly.Module(readFileSync("dist/wasm/release.wasm"));
  const { add } = new WebAssembly.Instance(module, { env: { memory } }).exports;
  if (typeof add !== "function") throw new Error("bench: no export add");
  const [a, b] = [normal(engine, T, M), normal(engine, T, M)];
  const inRegion = (): void => {
    engine.kernels.region("bench", () => {
      engine.kernels.add(a, b);
      return null;
    });
  };
  return [
    { name: `add ${n} elements, ${engine.name} f64`, macs: 0, run: inRegion },
    { name: `add ${n} elements, wasm f32x4`, macs: 0, run: () => void add(64 + 2 * n * BYTES, 64, 64 + n * BYTES, n) },
  ];
};
