import { defineConfig } from "vitest/config";
import { swiftShaderVariables, whyNoSwiftShader } from "./src/gpu/swiftshader.ts";

if (whyNoSwiftShader() === null) Object.assign(process.env, swiftShaderVariables()); // for the processes that run the specs

const config: ReturnType<typeof defineConfig> = defineConfig({
  test: { include: ["spec/**/*.spec.ts"], testTimeout: 120_000, fileParallelism: true, maxWorkers: 2 },
});

export default config;
