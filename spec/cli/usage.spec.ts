import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../helpers/temporary.ts";
import { deit } from "./deit.ts";
import { deitHere, deitIn } from "./inProcess.ts";

const COMMANDS = [
  "demo",
  "check",
  "verify",
  "record",
  "train",
  "recipe",
  "compare",
  "experiment",
  "eval",
  "classify",
  "preprocess",
  "augment",
  "inspect",
  "explain",
  "convert",
  "summary",
  "bench",
  "engines",
];
const KNOWN = `known: ${COMMANDS.join(", ")}`;

/** Wrong command lines, each with the beginning of its error line. */
const wrong: readonly (readonly [args: string, line: string])[] = [
  ["", `deit: which command? ${KNOWN}; see deit --help`],
  ["chek", `deit: unknown command 'chek' (Did you mean check?); see deit --help; ${KNOWN}`],
  ["help chek", `deit: unknown command 'chek' (Did you mean check?); see deit --help; ${KNOWN}`],
  ["help --frob", "deit: unknown option '--frob'; see deit --help"],
  ["--frob", "deit: unknown option '--frob'; see deit --help"],
  ["check --case 3", "deit check: unknown option '--case' (Did you mean --cases?); see deit check --help"],
  ["check E3", "deit check: too many arguments for 'check'. Expected 0 arguments but got 1; see deit check --help"],
  ["check --cases", "deit check: option '--cases <n>' argument missing; see deit check --help"],
  [
    "check --cases 0",
    "deit check: option '--cases <n>' argument '0' is invalid. It must be an integer of at least 1; see deit check --help",
  ],
  [
    "check --seed -1",
    "deit check: option '--seed <n>' argument '-1' is invalid. It must be an integer of at least 0; see deit check --help",
  ],
  ["check --only E40", "deit check: --only E40: no such row; nearest are E4, E10, E20"],
  ["check --only op/layernorms", "deit check: --only op/layernorms: no such row; nearest are op/layerNorm, op/batchNorm, op/convNorm"],
  ["check --engine webgpu --adapter Voodoo", "deit check: engine webgpu cannot run here: it needs an adapter"],
  ["check --engine webgpu --threads 2", "deit check: --threads 2: the webgpu engine runs on one thread; --threads 1 would be right"],
  ["check --default-limits", "deit check: --default-limits has no effect on the wasm engine; it goes with --engine webgpu"],
  ["check --unchecked", "deit check: --unchecked has no effect on the wasm engine; it goes with --engine webgpu"],
  ["check --engine cuda", "deit check: unknown engine cuda; known: reference, wasm, wasm-fma, webgpu"],
  ["check --engine reference --threads 2", "deit check: --threads 2: the reference engine runs on one thread; --threads 1 would be right"],
  ["summary", "deit summary: missing required argument 'model'; see deit summary --help"],
  ["summary deit-bas --json", "deit summary: unknown model deit-bas; did you mean deit-base?"],
  ["summary deit-base --image-size 300", "deit summary: --image-size must be a multiple of the patch, 16: got 300; 304 would be right"],
  [
    "bench gem",
    "deit bench: command-argument value 'gem' is invalid for argument 'what'. Allowed choices are peak, gemm, op, init, forward, train",
  ],
  ["bench gemm --only 300", "deit bench: --only 300: no name contains this; the nearest are ["],
  ["bench op --only layernorm", "deit bench: --only layernorm: no name contains this; the nearest are layerNorm, "],
  ["bench peak --engine reference", "deit bench: --engine reference: the peak is measured for the wasm engine only; use --engine wasm"],
  ["bench op --batch 3", "deit bench: --batch has no effect on op; see deit bench --help"],
  ["bench sums", "deit bench: sums are taken over ranks, and this process is alone; mpirun -n 2 npx deit bench sums would be right"],
  ["bench scaling --ranks 8,12", "deit bench: --ranks 8,12: powers of two would be right, such as 8,64,1024"],
  ["bench scaling --node laptop", "deit bench: unknown node laptop; known: h100, cpu"],
  ["bench init --batch 3", "deit bench: --batch has no effect on init; see deit bench --help"],
  ["bench init --model regnety-4gf", "deit bench: --model regnety-4gf: bench times DeiT models only, such as deit-tiny-distilled"],
  ["bench forward --model regnety-4gf", "deit bench: --model regnety-4gf: bench times DeiT models only, such as deit-tiny-distilled"],
  ["bench train --image-size 20", "deit bench: --image-size must be a multiple of the patch, 16: got 20; 32 would be right"],
  ["bench forward --repetitions 0", "deit bench: option '--repetitions <n>' argument '0' is invalid. It must be an integer of at least 1"],
  ["train nothing", "deit train: no recipe nothing: no file of that name can be read; the nearest bundled recipe is "],
  [
    "train deit-tinny",
    "deit train: no recipe deit-tinny: no file of that name can be read; the nearest bundled recipe is deit-tiny, and deit recipe list shows all",
  ],
  ["recipe", "deit recipe: which of them? known: list, schema; see deit recipe --help"],
  ["recipe lst", "deit recipe: unknown command 'lst'; known: list, schema; see deit recipe --help"],
  ["train digits --set mixing.mixup=5", "deit train: recipe digits: mixing.mixup must be a number in [0, 4], got 5"],
  ["train digits --set mixing.mixupp=0", "deit train: recipe digits: mixing.mixupp is not known; did you mean mixing.mixup?"],
  ["train digits --set data.color_jitter=0", "deit train: recipe digits: data.color_jitter is not known; did you mean data.colour_jitter?"],
  ["train digits --set training.batch", "deit train: --set training.batch: must be key=value, as in training.batch=32"],
  ["train digits --set training.batch=0", "deit train: recipe digits: training.batch must be a positive integer, got 0"],
  ["train digits --set training.bacth=32", "deit train: recipe digits: training.bacth is not known; did you mean training.batch?"],
  ["train digits --engine webgpu --adapter Voodoo", "deit train: engine webgpu cannot run here: it needs an adapter"],
  ["eval nowhere digits", "deit eval: no weights nowhere: give a run's folder, a file (.safetensors, .npz, .pth), or hash:SEED"],
  ["eval hash:1 digits", "deit eval: hash:1 needs --model, such as --model deit-tiny-distilled"],
  ["eval hash:x digits --model deit-tiny", 'deit eval: hash:SEED needs an integer of 0 … 2^32 - 1, got "x"'],
  ["eval hash:1 digits --model deit-tiny", "deit eval: data: digits has 10 classes, the model has 1000"],
  [
    "eval hash:1 nothing --model deit-tiny",
    'deit eval: data: unknown data set "nothing"; known: digits[:train|test], cifar10:PATH[:train|test], cifar100:PATH[:train|test], synthetic:N, a folder or .tar of images[:train|test|val] with one sub-folder a class, shards NAME-{00000..00099}.tar',
  ],
  ["eval hash:1 synthetic:1 --model deit-tiny --head distillation", "deit eval: evaluate: a model with one head has no distillation head"],
  ["eval hash:1 synthetic:1 --model deit-tiny --head best", "deit eval: option '--head <head>' argument 'best' is invalid."],
];

/** Whether a command line needs a separate process: it is supervised, or uses built files. */
const isProcess = (args: string): boolean => args.includes("webgpu") || args.startsWith("bench op");

describe("a wrong command line", () => {
  it.each(wrong)("deit %s: exits with 2 and one line on stderr, and writes nothing", async (args, line) => {
    const folder = temporaryFolder();
    const words = args.split(" ").filter(Boolean);
    const { status, stdout, stderr } = isProcess(args) ? deit(words, folder) : await deitIn(folder, ...words);
    expect(readdirSync(folder)).toEqual([]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr.slice(0, line.length)).toBe(line);
    expect(stderr).toMatch(/^[^\n]+\n$/);
  });
});

/** Runs in a separate process, whose exit status is checked. */
it("the program ends with 2 and one line for a wrong command line", () => {
  const args = ["check", "--cases", "0"];
  expect(deit(args)).toMatchObject({ status: 2, stdout: "", stderr: expect.stringMatching(/^deit check: option '--cases[^\n]*\n$/) });
});

describe("help", () => {
  it.each(COMMANDS)("deit %s --help shows options and examples", async (command) => {
    const { status, stdout, stderr } = await deitHere(command, "--help");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(new RegExp(`^Usage: deit ${command}`));
    expect(stdout).toMatch(/\nExamples:\n {2}deit /);
  });

  it.each(COMMANDS)("deit help %s shows what deit %s --help does", async (command) => {
    expect(await deitHere("help", command)).toEqual(await deitHere(command, "--help"));
  });

  it.each(["help", "help help", "help --help"])("deit %s shows what deit --help does", async (line) => {
    const shown = await deitHere(...line.split(" "));
    expect(shown).toEqual(await deitHere("--help"));
    expect(shown.status).toBe(0);
    expect(shown.stdout).toContain("\n  help [command]");
  });

  it("deit --help lists the commands", async () => {
    const { status, stdout } = await deitHere("--help");
    expect(status).toBe(0);
    for (const command of COMMANDS) expect(stdout).toContain(`  ${command}`);
  });

  it("deit --version prints the version of the package", () => {
    const about: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(deit(["--version"])).toEqual({ status: 0, stdout: `${Reflect.get(Object(about), "version")}\n`, stderr: "" });
  });
});
