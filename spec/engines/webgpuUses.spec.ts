/** Which tensors a program reads and writes, as its text says, and the traffic that follows. */
import { describe, expect, it } from "vitest";
import { plannedRuns, type KernelRun } from "../../src/bench/costs/kernelRuns.ts";
import { workOf } from "../../src/bench/costs/terms.ts";
import { adapterNamed } from "../../src/bench/adapters.ts";
import { trainProgram } from "../../src/bench/train.ts";
import { planningEngine } from "../../src/engines/webgpu/planning.ts";
import { program, type Program } from "../../src/engines/webgpu/program.ts";
import { usesOf } from "../../src/engines/webgpu/uses.ts";
import { countedLoops } from "../../src/engines/abstract/arithmetic.ts";
import { deitConfig } from "../../src/model/config.ts";
import { parameterCount } from "../../src/model/params.ts";

const { capabilities } = adapterNamed("h100").reported;

const [reads, writes, both, neither] = [
  { reads: true, writes: false },
  { reads: false, writes: true },
  { reads: true, writes: true },
  { reads: false, writes: false },
];

const config = deitConfig("deit-tiny-distilled", { imageSize: 32, depth: 2 });
const whole = { teacher: null, scaledLoss: true, whole: true };

/** The kernel runs of the second step; the first may differ. */
function stepRuns(precision: "f32" | "f16", name: string): readonly KernelRun<null>[] {
  const { kernels, take } = plannedRuns({ capabilities, precision }, () => null);
  const { run } = trainProgram(config, "normal", whole).work(kernels, 2);
  run();
  take();
  run();
  return take().runs.filter(({ made }) => made.some(({ dispatch }) => dispatch.program.name === name));
}

describe("the uses of a program's tensors", () => {
  it("are found in main and in the functions that it reaches, and not in those that it does not", () => {
    const declarations = "fn add(i: u32) { store_sum(i, load_a(i) + words_b(i).x); }\nfn unused(i: u32) { store_a(i, load_sum(i)); }\n";
    expect(usesOf(["sum", "a", "b", "c"], declarations, "add(lane);")).toEqual([writes, reads, reads, neither]);
    expect(usesOf(["sum", "a"], declarations, "add(lane); unused(lane);")).toEqual([both, both]);
  });

  it("do not confuse tensors whose names begin alike", () => {
    expect(usesOf(["a", "ab"], "", "store2_ab(0u, load2_a(0u));")).toEqual([reads, writes]);
  });

  it.each(["f32", "f16"] as const)("in %s leave no program of a training step without a result, and no tensor unused", (precision) => {
    const programs = new Set<Program>();
    const { kernels } = planningEngine({
      capabilities,
      precision,
      onDispatch: ({ program }) => void programs.add(program),
      afterKernel: countedLoops(() => undefined),
    });
    trainProgram(config, "normal", whole).work(kernels, 2).run();
    const named = (wrong: (program: Program) => boolean): readonly string[] => [...programs].filter(wrong).map(({ name }) => name);
    expect(named(({ uses }) => !uses.some((use) => use.writes))).toEqual([]);
    const staged = "upload"; // reads the staging buffer, which is no operand of a plan
    expect(named(({ name, uses }) => name !== staged && uses.some((use) => !use.reads && !use.writes))).toEqual([]);
  });
});

describe("the traffic of a step", () => {
  const parameters = parameterCount(config);
  const tensors = (precision: "f32" | "f16", name: string): number =>
    stepRuns(precision, name)
      .flatMap(({ made }) => made)
      .filter(({ dispatch }) => dispatch.program.name === name)
      .flatMap(({ operands }) => operands)
      .filter(({ isScratch }) => !isScratch)
      .reduce((sum, one) => sum + one.read + one.written, 0);

  it("is 28 bytes a parameter for AdamW and 8 more for the average, and 8 for unscaling; an f16 copy takes 2", () => {
    expect(tensors("f32", "adamw and ema of many") / parameters).toBe(36);
    const ofCopies = tensors("f16", "adamw and ema of many") - 36 * parameters;
    expect(ofCopies / parameters).toBeGreaterThan(1.5);
    expect(ofCopies / parameters).toBeLessThan(2);
    expect(tensors("f16", "unscale of many") / parameters).toBe(8);
  });

  it("counts the parts of a split-K sum twice, and its bytes do not", () => {
    const { kernels: k, take } = plannedRuns({ capabilities, precision: "f16" }, () => null);
    const [m, n, K] = [64, 64, 16_384];
    const [a, b] = [k.zeros([m, K]), k.zeros([K, n])];
    take();
    k.matmul(a, b);
    const [run] = take().runs;
    if (run === undefined) throw new Error("no run");
    const [gemm] = run.made;
    const parts = gemm?.dispatch.scratchBytes ?? 0;
    const { bytes, traffic } = workOf(run);
    expect([run.made.length, parts % (4 * m * n), parts / (4 * m * n) > 1]).toEqual([2, 0, true]);
    expect([bytes, traffic]).toEqual([4 * (m * K + K * n + m * n), 4 * (m * K + K * n + m * n) + 2 * parts]);
  });

  it("reads a tensor once where a dispatch binds it twice", () => {
    const { kernels: k, take } = plannedRuns({ capabilities, precision: "f32" }, () => null);
    const a = k.zeros([64]);
    take();
    k.mul(a, a);
    expect(take().runs.map((run) => workOf(run).traffic)).toEqual([2 * 256]);
  });
});

describe("a dispatch that is made after its kernel has ended", () => {
  it("belongs to the kernel that issued it", () => {
    let owner = "first";
    const { kernels: k, take } = plannedRuns({ capabilities, precision: "f32" }, () => owner);
    const a = k.zeros([8]);
    take();
    k.exp(a);
    owner = "second";
    k.log(a);
    expect(take().runs.map((run) => [run.owner, run.made.map(({ dispatch }) => dispatch.program.name)])).toEqual([
      ["first", ["exp"]],
      ["second", ["log"]],
    ]);
  });

  it("is noted when it is made, with what it has become", () => {
    const notes: string[] = [];
    const issued: string[] = [];
    const { kernels: k, settle } = planningEngine({
      capabilities,
      precision: "f32",
      issued: ({ program: { name } }) => {
        issued.push(name);
        return ({ program }, operands) => notes.push(`${name} as ${program.name} ${operands.map(({ bytes }) => bytes).join()}`);
      },
      onDispatch: ({ note }) =>
        note?.({ program: made, params: [], groups: [1, 1, 1] }, [{ bytes: 7, read: 7, written: 7, isScratch: false }]),
      afterKernel: countedLoops(() => undefined),
    });
    k.zeros([64]);
    settle();
    expect([issued, notes]).toEqual([["fill"], ["fill as fused 7", "fill as fill 256"]]);
  });
});

const made: Program = program({ name: "fused", tensors: {}, params: {}, workgroup: [1, 1, 1], main: "" });
