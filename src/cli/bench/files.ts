/**
 * Finds the benches of bench/ops, compiled in dist/benches. They are outside src, so the build compiles them separately against the compiled src
 * (`#deit/…` of package.json): a bench and the engine that it times must import the same module of each op, or the engine would find no fused
 * kernel. There is no list: every file in the folder is a bench.
 */
import { readdir } from "node:fs/promises";
import type { OpBench } from "../../bench/opBench.ts";

const folder = new URL("../../benches/ops/", import.meta.url);

const isModule = (value: unknown): value is { readonly bench: OpBench } =>
  typeof value === "object" && value !== null && "bench" in value && typeof value.bench === "object";

export async function opBenches(): Promise<readonly OpBench[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith(".bench.js")).toSorted();
  const modules = files.map(async (file): Promise<OpBench> => {
    const loaded: unknown = await import(new URL(file, folder).href);
    if (!isModule(loaded)) throw new Error(`bench: ${file} must export an object named bench`);
    return loaded.bench;
  });
  return Promise.all(modules);
}
