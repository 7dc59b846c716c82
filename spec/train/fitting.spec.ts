/** Runs within a memory bound: they use normal memory if it fits, else recompute blocks, with bitwise identical weights. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { MemoryChoice } from "../../src/train/step/deitTask.ts";
import type { Recipe } from "../../src/train/run/recipe.ts";
import { runRecipe } from "../../src/train/run/run.ts";
import { webgpuEngine } from "../../src/webgpu.ts";
import { gpuDevice, onGpu } from "../helpers/gpu.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { tiny } from "./tiny.ts";
import { quietRun } from "./quietRun.ts";

const deep: Recipe = {
  ...tiny,
  teachers: [],
  distillation: { kind: "none" },
  model: { ...tiny.model, distilled: false, depth: 6, mlpRatio: 8 },
  training: { ...tiny.training, schedule: { ...tiny.training.schedule, epochs: 2 } },
};

interface Ran {
  readonly weights: Buffer;
  /** The memory that the engine allocated, in bytes. */
  readonly fresh: number;
}

async function run(memory: MemoryChoice, bound: number): Promise<Ran> {
  const engine = webgpuEngine({ device: await gpuDevice(), slab: 2 ** 22, memory: bound });
  const directory = join(temporaryFolder(), "run");
  await runRecipe(engine, deep, quietRun(directory, { memory }));
  const { fresh } = engine.memory();
  engine.close();
  return { weights: readFileSync(join(directory, "weights.safetensors")), fresh };
}

onGpu("a run with memory fit", () => {
  it("uses normal memory if it fits, else less, with bitwise identical weights", async () => {
    const [normal, low] = [await run("normal", Infinity), await run("low", Infinity)];
    expect(low.fresh).toBeLessThan(normal.fresh);
    const between = (low.fresh + normal.fresh) / 2;
    expect(await run("fit", Infinity)).toEqual(normal);
    const fitted = await run("fit", between);
    expect(fitted.fresh).toBeLessThanOrEqual(between);
    expect(fitted.weights).toEqual(normal.weights);
    await expect(run("normal", between)).rejects.toThrow("would fit with --memory low");
  });
});
