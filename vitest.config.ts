import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { swiftShaderVariables, whyNoSwiftShader } from "./src/gpu/swiftshader.ts";

if (whyNoSwiftShader() === null) Object.assign(process.env, swiftShaderVariables()); // for the processes that run the specs

/** What `npm test` leaves out, as it would take longer than the rest: `npm run test:slow` runs these, `npm run test:long` all specs. */
const slow = [
  "spec/browser/{engine,webgpu}.spec.ts",
  "spec/cli/{bench,compare,experimentRuns}.spec.ts",
  "spec/data/index/imageNetSize.spec.ts",
  "spec/docs/browser.spec.ts",
  "spec/engines/wasmMemory.spec.ts",
  "spec/engines/webgpu{Attention,Compiles,Conv,Fused,Gemm,Half,Replay}.spec.ts",
  "spec/gpu/survival.spec.ts",
  "spec/model/wholeModel.spec.ts",
  "spec/parity/onnx.spec.ts",
  "spec/ranks/{lostRank,mpirun,training}.spec.ts",
  "spec/recording/{hints,neverAccused}.spec.ts",
  "spec/site/translations.spec.ts",
  "spec/train/{fitting,kill,lossScale}.spec.ts",
];
/** Of these `npm test` runs a part: a sample, or what does not need the GPU (spec/helpers/lane.ts). */
const divided = [
  "spec/engines/webgpuEpilogue.spec.ts",
  "spec/engines/webgpuOverflow.spec.ts",
  "spec/engines/webgpuUnits.spec.ts",
  "spec/laws/{network,teacher}.spec.ts",
  "spec/parity/recordings.spec.ts",
  "spec/recording/{planted,students}.spec.ts",
];

/** Specs that need the built site, which spec/site/startBuild.ts builds meanwhile. */
const NEEDS_SITE = /spec\/site\/(?:site|playground|links|reference|translations)\.spec\.ts$|spec\/site\/?$/;
/** How many other files are run before them. */
const MEANWHILE = 40;

/** The order of files, with those that need the site after others: no worker waits for it. */
class SiteLater extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- vitest's method, which returns a new array
    const sorted = await super.sort(files);
    const others = sorted.filter(({ moduleId }) => !NEEDS_SITE.test(moduleId));
    const needing = sorted.filter(({ moduleId }) => NEEDS_SITE.test(moduleId));
    return [...others.slice(0, MEANWHILE), ...needing, ...others.slice(MEANWHILE)];
  }
}

const [isSlow, isLong] = [process.env["DEIT_SLOW"] === "1", process.env["DEIT_LONG"] === "1"];
const named = process.argv.some((arg) => arg.startsWith("spec/")); // a file that is asked for is run
process.env["DEIT_LANE"] = isSlow ? "slow" : isLong || named ? "all" : "fast";

const config: ReturnType<typeof defineConfig> = defineConfig({
  test: {
    include: isSlow ? [...slow, ...divided] : ["spec/**/*.spec.ts"],
    exclude: isSlow || isLong || named ? [] : slow,
    testTimeout: 120_000,
    fileParallelism: true,
    isolate: false, // files share what they import: the whole source is read twice, not two hundred times
    maxWorkers: 2,
    globalSetup: named && !process.argv.some((arg) => NEEDS_SITE.test(arg)) ? [] : ["spec/site/startBuild.ts"],
    sequence: { sequencer: SiteLater },
  },
});

export default config;
