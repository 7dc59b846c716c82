import { defineConfig } from "vitest/config";

const config: ReturnType<typeof defineConfig> = defineConfig({
  test: { include: ["spec/**/*.spec.ts"], testTimeout: 120_000, fileParallelism: true, maxWorkers: 2 },
});

export default config;
