import { describe, expect, it } from "vitest";
import { folderOf, type Files } from "../data/sources/files.ts";
import { json } from "./deit.ts";
import { deitHere, jsonHere } from "./inProcess.ts";

/** Takes one short sample: these tests check what is printed, not how fast it was. */
const bench = (args: string): Promise<unknown> => jsonHere("bench", ...args.split(" "), "--repetitions", "1");

/** Runs in a separate process, since the files of bench/ops are built against dist. */
const benchOps = (args: string): unknown => json(["bench", "op", ...args.split(" "), "--repetitions", "1"]);

const model = "--model deit-tiny-distilled --image-size 32";
const someNumber: unknown = expect.any(Number);
/** null, since on a loaded machine it may happen that no two peaks agree. */
const someRatio: unknown = expect.toBeOneOf([expect.any(Number), null]);

const someDigest: unknown = expect.stringMatching(/^[0-9a-f]{64}$/);

/** Ten classes of small images: more than a batch of 64, and the rest is a batch of its own. */
const many: Files = Array.from({ length: 70 }, (_, i) => [`${i % 10}/${i}.png`, i % 2 === 0 ? "square_native.png" : "palette.png"]);

/** The relative error of a few roundings in f64. */
const EXACT = 1e-14;

interface Row {
  readonly form: string;
  readonly ratio: number | null;
}

const isReport = (value: unknown): value is { readonly ratio: number | null; readonly rows: readonly Row[] } =>
  typeof value === "object" && value !== null && "ratio" in value && "rows" in value && Array.isArray(value.rows);

describe("deit bench", () => {
  it("peak prints the contract's JSON, for the wasm engine by default", async () => {
    expect(await bench("peak")).toEqual({ what: "peak", engine: "wasm", threads: 1, peakGflops: someNumber });
  });

  it("gemm prints a row for each matrix multiplication, and the geometric mean of the forward ratios", async () => {
    const found = await bench("gemm --only 198x");
    const row = { shape: expect.stringMatching(/^\[\d+×\d+\]·\[\d+×\d+\]$/), form: expect.stringMatching(/^(NT|NN|TN)$/) };
    const rates = { gflops: someNumber, peakGflops: someRatio, ratio: someRatio };
    expect(found).toEqual({ what: "gemm", engine: "wasm", threads: 1, peakGflops: someRatio, ratio: someRatio, rows: expect.any(Array) });
    if (!isReport(found)) throw new Error("no report");
    expect(found.rows).toEqual(found.rows.map(() => ({ ...row, ...rates })));
    expect(found.rows.map(({ form }) => form)).toEqual(["NT", "NN", "TN", "NT", "NN"]);
    const [first, , , fourth] = found.rows;
    const mean = Math.sqrt((first?.ratio ?? NaN) * (fourth?.ratio ?? NaN));
    expect(found.ratio ?? NaN).toSatisfy((ratio: number) =>
      Number.isNaN(mean) ? Number.isNaN(ratio) : Math.abs(ratio / mean - 1) < EXACT,
    );
  });

  it("gemm on the reference engine prints rates but no ratio", async () => {
    expect(await bench("gemm --only 64×198 --engine reference")).toEqual({
      what: "gemm",
      engine: "reference",
      threads: 1,
      rows: [{ shape: "[198×64]·[64×198]", form: "NT", gflops: someNumber }],
    });
  });

  it("op finds the files of bench/ops and prints the gain of their fused kernels", () => {
    const roofline = { bytes: someNumber, flop: someNumber, gbPerSecond: someNumber, copyGbPerSecond: someNumber, gflops: someNumber };
    const bound = { by: expect.stringMatching(/^(memory|arithmetic)$/), share: someNumber };
    const row = { op: "layerNorm", ms: someNumber, roofline: { ...roofline, ...bound }, unfusedMs: someNumber, gain: someNumber };
    expect(benchOps("--only layerNorm")).toEqual({
      what: "op",
      engine: "wasm",
      threads: 1,
      rows: [1, 8].flatMap((B) => ["forward", "vjp"].map((phase) => ({ ...row, shape: `${B}×198×192`, phase }))),
    });
  });

  it("op times a routine that consumes its state", () => {
    expect(benchOps("--only adamw")).toMatchObject({ rows: [{ op: "adamw", phase: "run", ms: someNumber, gain: someNumber }] });
  });

  it("init prints the time for all initial parameters", async () => {
    const about = { what: "init", engine: "wasm", threads: 1, model: "deit-tiny-distilled" };
    expect(await bench("init")).toEqual({ ...about, parameters: 5_910_800, ms: someNumber });
    const { stdout } = await deitHere("bench", "init", "--repetitions", "1");
    expect(stdout).toMatch(/^initial parameters of deit-tiny-distilled: \d+\.\d{3} ms \([\d.]+ … [\d.]+\), \d+\.\d ns each of 5910800\n$/);
  });

  it("forward prints the time per image, rates and the ratio", async () => {
    expect(await bench(`forward ${model}`)).toEqual({
      what: "forward",
      engine: "wasm",
      threads: 1,
      model: "deit-tiny-distilled",
      imageSize: 32,
      batch: 1,
      msPerImage: someNumber,
      imagesPerSecond: someNumber,
      gflops: someNumber,
      peakGflops: someRatio,
      ratio: someRatio,
      reservedBytes: someNumber,
      planBytes: someNumber,
      freshBytes: 0,
    });
  });

  it("forward on the reference engine prints no ratio to a peak", async () => {
    const found = await bench(`forward ${model} --engine reference`);
    expect(found).toMatchObject({ engine: "reference", msPerImage: someNumber, gflops: someNumber });
    expect(Object.keys(Object(found))).not.toContain("ratio");
  });

  it("train allocates what was planned, and nothing more after the first step", async () => {
    const found = await bench(`train ${model} --batch 2`);
    expect(found).toMatchObject({ what: "train", batch: 2, msPerImage: someNumber, ratio: someRatio, freshBytes: 0 });
    const { reservedBytes, planBytes } = Object(found);
    expect(reservedBytes).toBeGreaterThan(planBytes);
    expect(reservedBytes).toBeLessThan(1.05 * planBytes); // design: measured ± 5 %
  });

  it("train with a recipe times the steps of teacher and student, and finds where their time goes", async () => {
    const args = "bench train --recipe digits --workers 0 --repetitions 20 --profile --json";
    const found = await jsonHere(...args.split(" "));
    const times = { ms: someNumber, min: someNumber, upper: someNumber, steps: someNumber, dataWait: someNumber };
    const stages = ["teacher", "student"].map((stage) => ({ stage, ...times, parts: expect.any(Array) }));
    expect(found).toEqual({ what: "train", engine: "wasm", threads: 1, recipe: "digits", workers: 0, stages });
    const names = JSON.stringify(found);
    for (const name of ["kernels", "program", "batches", "linear.vjp"]) expect(names).toContain(`"name":"${name}"`);
  });

  it.each([
    [["--set", "training.batch=8"], "--set has no effect on train; see deit bench --help"],
    [["--recipe", "digits", "--batch", "8"], "--batch has no effect on train; see deit bench --help"],
    [["--recipe", "no-such"], "no-such"],
    [["--recipe", "digits", "--set", "training.epochs=1", "--set", "training.warmup_epochs=0"], "the student has 44 steps"],
  ])("train %j is refused in one line", async (args, said) => {
    const { status, stderr } = await deitHere("bench", "train", ...args);
    expect([status, stderr.trim().split("\n").length, stderr]).toEqual([2, 1, expect.stringContaining(said)]);
  });

  it("train in low memory takes less memory, as planned", async () => {
    const train = `train ${model} --batch 8`;
    const [low, normal] = [Object(await bench(`${train} --memory low`)), Object(await bench(`${train} --memory normal`))];
    expect(low).toMatchObject({ memory: "low", freshBytes: 0 });
    expect(low.planBytes).toBeLessThan(0.95 * normal.planBytes);
    expect(low.reservedBytes).toBeLessThan(1.05 * low.planBytes);
  });

  it.each([
    ["train", "a batch of \\d+ would fit, a batch of \\d+ would fit with --memory low"],
    ["train --memory low", "a batch of \\d+ would fit"],
    ["forward", "a batch of \\d+ would fit"],
  ])("%s refuses a batch that does not fit before it runs, and names one that fits", async (what, advice) => {
    const { status, stdout, stderr } = await deitHere("bench", ...what.split(" "), "--batch", "5000");
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(new RegExp(`^deit bench: wasm: a batch of 5000 needs \\d+\\.\\d MB of at most 4295\\.0 MB; ${advice}\n$`));
  });

  it("train --profile prints a tree of parts whose times and multiply–adds add up", async () => {
    const { profile } = Object(await bench(`train ${model} --batch 2 --profile --memory low`));
    expect(profile).toMatchObject({ name: "", share: 1, phases: { recompute: { ms: someNumber } } });
    const sum = (key: "ms" | "macs"): number =>
      profile.parts.reduce((total: number, part: Readonly<Record<typeof key, number>>) => total + part[key], 0);
    expect(sum("ms") + profile.ownMs).toBeCloseTo(profile.ms, 6);
    expect(sum("macs")).toBe(profile.macs);
  });

  it("forward --profile prints a tree in which all blocks share one node", async () => {
    const { status, stdout } = await deitHere("bench", "forward", ...model.split(" "), "--profile", "--repetitions", "1");
    expect(status).toBe(0);
    expect(stdout).toMatch(/\nop +share +ms +own ms +forward +recompute +vjp +GMAC +of peak\nall +█+ +100\.00 %/);
    expect(stdout).toMatch(/\n {6}blocks\.\* ×12 +█/);
  });

  it("train --ranges prints what f16 would do to each op's numbers", async () => {
    const { ranges } = Object(await bench(`train ${model} --batch 2 --ranges`));
    const range = { numbers: someNumber, largest: someNumber, flushed: someNumber, subnormal: someNumber, beyond: 0 };
    expect(ranges).toContainEqual({ path: "blocks.*.mlp.gelu", places: 12, output: range, cotangent: range });
    expect(ranges).toContainEqual({ path: "loss", places: 1, output: range, cotangent: { ...range, numbers: 1, largest: 1 } });
    const { status, stdout } = await deitHere("bench", "train", ...model.split(" "), "--ranges");
    expect(status).toBe(0);
    expect(stdout).toMatch(/\nop +output +to 0 +subnormal +> 65504 +cotangent +to 0 +subnormal +> 65504\npatch_embed\.patches +/);
  });

  it.each([
    ["forward --ranges", "--ranges has no effect on forward; see deit bench --help"],
    ["train --ranges --profile", "option '--ranges' cannot be used with option '--profile'; see deit bench --help"],
  ])("%s is refused", async (what, message) => {
    expect(await deitHere("bench", ...what.split(" "))).toEqual({ status: 2, stdout: "", stderr: `deit bench: ${message}\n` });
  });

  it("loader prints the contract's JSON, and a table", async () => {
    const loader = ["loader", "--recipe", "digits", "--data", "digits:train", "--workers", "0"];
    const ms = { decode: someNumber, crop: someNumber, augment: someNumber, other: someNumber };
    expect(await bench(loader.join(" "))).toEqual({ what: "loader", imagesPerSecond: someNumber, workers: 0, ms });
    const { status, stdout } = await deitHere("bench", ...loader, "--repetitions", "1");
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^digits:train by recipe digits, 0 workers: \d+ images\/s \(\d+ … \d+\)\nms an image\ndecode +\d+\.\d\d\ncrop +/,
    );
  });

  it("loader --digest prints the same digests for any number of workers, one a batch", async () => {
    const digests = async (workers: number, ...of: readonly string[]): Promise<unknown> =>
      jsonHere("bench", "loader", "--digest", "--workers", `${workers}`, ...of);
    const photographs = ["--recipe", "cifar10", "--data", folderOf(many)];
    const alone = await digests(0, ...photographs);
    expect(alone).toEqual({ what: "loader", workers: 0, digests: [someDigest, someDigest] });
    for (const workers of [1, 2, 4]) expect(await digests(workers, ...photographs)).toEqual({ ...Object(alone), workers });
    const { stdout } = await deitHere("bench", "loader", "--digest", "--workers", "1", ...photographs);
    expect(stdout).toBe(Object(alone).digests.map((digest: string, i: number) => `batch ${i}: ${digest}\n`).join("")); // prettier-ignore
  });

  it.each([
    ["--data none", 'data: unknown data set "none"; known: '],
    ["--recipe digit", "no recipe digit: "],
    ["--recipe digits --data synthetic:0", "data: synthetic:N needs a positive integer N"],
    ["--data digits", "data: digits has 10 classes, the model has 1000"],
    ["--batch 4", "--batch has no effect on loader"],
  ])("loader %s is refused", async (what, message) => {
    const { status, stdout, stderr } = await deitHere("bench", "loader", ...what.split(" "));
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^deit bench: [^\n]+\n$/);
    expect(stderr).toContain(message);
  });

  it("prints tables with medians and spreads", async () => {
    const { status, stdout } = await deitHere("bench", "gemm", "--only", "64×198", "--repetitions", "1");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^GEMM +form +median ms +min … 75 % ms +GFLOP\/s +peak +ratio +kept\n\[198×64\]·\[64×198\] +NT /);
  });
});
