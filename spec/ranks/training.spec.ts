/**
 * `deit train` on the ranks of the launchers that are installed: the bits of one process on any number of
 * ranks, and after ranks were stopped or lost. What is the same under every launcher is tried under Open MPI only.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { whyNoSwiftShader } from "../../src/gpu/swiftshader.ts";
import { deit } from "../cli/deit.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { deitOn, hasAppeared, startDeit, type Ended, type Running } from "./job.ts";
import { withMpi } from "./mpi.ts";

const set = (values: Readonly<Record<string, string | number>>): readonly string[] =>
  Object.entries(values).flatMap(([key, value]) => ["--set", `${key}=${value}`]);

/** 29 steps of a teacher and 8 · 22 of a student, with everything that draws or divides: groups to mix are larger than the share of one of 4 ranks. */
const SMALL = [
  "train",
  "digits",
  ...set({ "model.width": 32, "model.depth": 2, "training.batch": 64, "training.epochs": 8, "training.warmup_epochs": 0 }),
  ...set({ "training.drop_path": 0.2, "training.ema_decay": 0.9, "mixing.mixup": 0.8, "mixing.cutmix": 1, "mixing.group": 32 }),
  ...set({ "teacher.training.batch": 48, "teacher.training.epochs": 1, "teacher.training.warmup_epochs": 0 }),
  "--workers",
  "0",
];
/** What `deit train` chooses on ranks: a fourth of the batch. */
const FOURTHS = set({ "training.micro_batch": 16, "teacher.training.micro_batch": 12 });
const HALVES = set({ "training.micro_batch": 32, "teacher.training.micro_batch": 24 });

const newFolder = (): string => join(temporaryFolder(), "run");
const weightsOf = (folder: string): readonly string[] =>
  [folder, join(folder, "teacher")].map((of) => readFileSync(join(of, "weights.safetensors")).toString("base64"));
const firstLine = ({ text }: Ended): string | undefined => text.split("\n").find((line) => line.startsWith("deit train: "));

/** The loss of each step. */
const lossesOf = (folder: string): readonly number[] =>
  readFileSync(join(folder, "metrics.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => {
      const { loss }: { readonly loss: number } = JSON.parse(line);
      return loss;
    });

/** The weights of the plain process. */
let plain: readonly string[] = [];

/** Whether the weights in a folder are those of the plain process, bit by bit. */
const areThePlain = (folder: string): readonly boolean[] => weightsOf(folder).map((weights, i) => weights === plain[i]);

withMpi("training", (mpirun) => {
  const isOpenMpi = mpirun.name === "Open MPI";

  beforeAll(() => {
    if (plain.length > 0) return;
    const folder = join(mkdtempSync(join(tmpdir(), "deit-")), "run");
    const { status, stderr } = deit([...SMALL, ...FOURTHS, "--out", folder]);
    if (status !== 0) throw new Error(stderr);
    plain = weightsOf(folder);
    rmSync(join(folder, ".."), { recursive: true });
  }, 120_000);

  it.each(isOpenMpi ? [1, 2, 4] : [2])("on %i ranks gives the bits of one process", async (count) => {
    const out = newFolder();
    const { status, text } = await deitOn(mpirun, count, [...SMALL, "--out", out]);
    expect([status, text.match(/The run is in/g)?.length]).toEqual([0, 1]);
    expect(areThePlain(out)).toEqual([true, true]);
  });

  it.skipIf(!isOpenMpi)("with fast sums of two ranks gives the bits of one process, since two numbers have one sum", async () => {
    const [one, two] = [newFolder(), newFolder()];
    expect(deit([...SMALL, ...HALVES, "--out", one]).status).toBe(0);
    expect((await deitOn(mpirun, 2, [...SMALL, ...HALVES, "--reduce", "fast", "--out", two])).status).toBe(0);
    expect(weightsOf(two)).toEqual(weightsOf(one));
  });

  it.skipIf(!isOpenMpi)("with f16 on the wire rounds the gradients only", async () => {
    const [one, two] = [newFolder(), newFolder()];
    expect(deit([...SMALL, ...HALVES, "--out", one]).status).toBe(0);
    expect((await deitOn(mpirun, 2, [...SMALL, ...HALVES, "--reduce", "fast", "--wire", "f16", "--out", two])).status).toBe(0);
    const [exact, rounded] = [one, two].map((folder) => lossesOf(join(folder, "teacher")));
    expect(rounded?.[0]).toBe(exact?.[0]);
    // a step of SGD changes the loss by η‖ḡ‖² ≈ 0.1, of which rounding to 11 bits changes a share of 2⁻¹¹
    expect(Math.abs((rounded?.[1] ?? NaN) - (exact?.[1] ?? NaN))).toBeLessThan(1e-3);
    expect(rounded?.every(Number.isFinite)).toBe(true);
  });

  /** A run of the student after its first epoch. */
  async function begun(out: string, count: number): Promise<Running> {
    const job = startDeit(mpirun, count, [...SMALL, "--out", out]);
    await hasAppeared(join(out, "checkpoints"), /^step-0*22$/, job);
    return job;
  }

  it.skipIf(!isOpenMpi)("stops on all ranks when one gets SIGTERM, and goes on on more, to the same bits", async () => {
    const out = newFolder();
    const job = await begun(out, 2);
    process.kill(job.pidOf(1), "SIGTERM");
    const { status, text } = await job.ended;
    expect([status, text]).toEqual([130, expect.stringContaining(`saved in ${out}`)]);
    expect(existsSync(join(out, "weights.safetensors"))).toBe(false);
    expect((await deitOn(mpirun, 4, [...SMALL, "--resume", "--out", out])).status).toBe(0);
    expect(areThePlain(out)).toEqual([true, true]);
  });

  it.skipIf(!isOpenMpi)("saves when the launcher gets SIGINT, and goes on in one process, to the same bits", async () => {
    const out = newFolder();
    const job = await begun(out, 2);
    job.launcher.kill("SIGINT");
    const { text } = await job.ended;
    expect(text).toContain("stopping after this step");
    expect(deit([...SMALL, "--resume", "--out", out]).status).toBe(0);
    expect(areThePlain(out)).toEqual([true, true]);
  });

  it("ends when a rank is killed, and goes on in one process, to the same bits", async () => {
    const out = newFolder();
    const job = await begun(out, 2);
    process.kill(job.pidOf(1), "SIGKILL");
    expect((await job.ended).status).not.toBe(0);
    expect(deit([...SMALL, "--resume", "--out", out]).status).toBe(0);
    expect(areThePlain(out)).toEqual([true, true]);
  });

  it.skipIf(!isOpenMpi)("ends when a rank is stopped, which it names, and goes on in one process, to the same bits", async () => {
    const out = newFolder();
    const job = await begun(out, 2);
    const pid = job.pidOf(1);
    process.kill(pid, "SIGSTOP");
    const ended = await job.ended;
    expect(firstLine(ended)).toMatch(
      new RegExp(`^deit train: rank 1 \\(pid ${pid} on \\S+\\) has not answered for 20 s; the run is saved .* --resume continues it`),
    );
    expect(ended.status).toBe(2);
    expect(deit([...SMALL, "--resume", "--out", out]).status).toBe(0);
    expect(areThePlain(out)).toEqual([true, true]);
  });

  it.each([
    ["3 ranks in order", 3, [], "3 ranks: an ordered sum needs 1, 2, 4, 8, … ranks; --reduce fast takes any number"],
    ["a batch that does not divide", 3, ["--reduce", "fast"], "3 ranks: a batch of 64 does not divide among them"],
    [
      "micro-batches that do not divide",
      4,
      set({ "training.micro_batch": 32 }),
      "4 ranks: a batch of 64 in micro-batches of 32 does not divide among them; micro_batch = 16 would be right",
    ],
  ])("refuses %s in one line, and writes nothing", async (_, count, more, message) => {
    const out = newFolder();
    const { status, text } = await deitOn(mpirun, count, [...SMALL, ...more, "--out", out]);
    expect([status, text.match(/deit train: .*/g)]).toEqual([2, [`deit train: ${message}`]]);
    expect(existsSync(out)).toBe(false);
  });

  it("refuses a folder that exists in one line", async () => {
    const out = temporaryFolder();
    const { status, text } = await deitOn(mpirun, 2, [...SMALL, "--out", out]);
    const message = `${out} exists: --resume continues the run in it, --out DIR starts one elsewhere`;
    expect([status, text.match(/deit train: .*/g)]).toEqual([2, [`deit train: ${message}`]]);
  });

  const noSwiftShader = whyNoSwiftShader();
  describe.skipIf(noSwiftShader !== null || !isOpenMpi)(`on WebGPU${noSwiftShader === null ? "" : `, skipped: ${noSwiftShader}`}`, () => {
    it("gives the same bits on 1 and 2 ranks", async () => {
      const ofGpu = [
        "train",
        "digits",
        "--engine",
        "webgpu",
        "--adapter",
        "swiftshader",
        "--workers",
        "0",
        ...set({ "model.width": 16, "model.depth": 1, "model.heads": 2, "model.distilled": "false", "distillation.kind": "none" }),
        ...set({ "training.batch": 256, "training.epochs": 1, "training.warmup_epochs": 0 }),
      ];
      const files = [];
      for (const count of [1, 2]) {
        const out = newFolder();
        expect((await deitOn(mpirun, count, [...ofGpu, "--out", out])).status).toBe(0);
        files.push(readFileSync(join(out, "weights.safetensors")).toString("base64"));
      }
      expect(files[0] === files[1]).toBe(true);
    });
  });
});
