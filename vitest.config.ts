import { defineConfig } from "vitest/config";
import { swiftShaderVariables, whyNoSwiftShader } from "./src/gpu/swiftshader.ts";

if (whyNoSwiftShader() === null) Object.assign(process.env, swiftShaderVariables()); // for the processes that run the specs

/** What `npm test` leaves out, as it would take longer than the rest: `npm run test:slow` runs these, `npm run test:long` all specs. */
const slow = [
  "spec/browser/{engine,webgpu}.spec.ts",
  "spec/cli/{bench,compare}.spec.ts",
  "spec/data/index/imageNetSize.spec.ts",
  "spec/docs/browser.spec.ts",
  "spec/engines/wasmMemory.spec.ts",
  "spec/engines/webgpu{Attention,Conv,Fused,Gemm,Half,Replay}.spec.ts",
  "spec/gpu/survival.spec.ts",
  "spec/model/wholeModel.spec.ts",
  "spec/parity/onnx.spec.ts",
  "spec/ranks/{lostRank,mpirun,training}.spec.ts",
  "spec/recording/{hints,neverAccused}.spec.ts",
  "spec/site/{links,playground,reference,site}.spec.ts", // they build the site
  "spec/train/{fitting,kill,lossScale}.spec.ts",
];
/** Of these `npm test` runs a sample. */
const sampled = ["spec/recording/planted.spec.ts"];

const [isSlow, isLong] = [process.env["DEIT_SLOW"] === "1", process.env["DEIT_LONG"] === "1"];
const named = process.argv.some((arg) => arg.startsWith("spec/")); // a file that is asked for is run

const config: ReturnType<typeof defineConfig> = defineConfig({
  test: {
    include: isSlow ? [...slow, ...sampled] : ["spec/**/*.spec.ts"],
    exclude: isSlow || isLong || named ? [] : slow,
    testTimeout: 120_000,
    fileParallelism: true,
    maxWorkers: 2,
  },
});

export default config;
