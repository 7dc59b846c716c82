import { defineConfig } from "vitest/config";
import { swiftShaderVariables } from "./spec/helpers/swiftshader.ts";

Object.assign(process.env, swiftShaderVariables()); // for the processes that run the specs

const config: ReturnType<typeof defineConfig> = defineConfig({
  test: { include: ["spec/**/*.spec.ts"], testTimeout: 120_000, fileParallelism: true, maxWorkers: 2 },
});

export default config;
