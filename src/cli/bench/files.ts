/**
 * The files of bench/ops, as they lie compiled in dist/benches. They stand outside src, so the build compiles them by themselves, against
 * what it has made of src (`#deit/…` of package.json): a bench and the engine that it times must share one module of each op, or no fused
 * kernel would be found. A file that is put there is found here; there is no list.
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
    if (!isModule(loaded)) throw new Error(`bench: ${file} exports no bench`);
    return loaded.bench;
  });
  return Promise.all(modules);
}
