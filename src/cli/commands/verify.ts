/** `deit verify`: compares what an implementation of DeiT computed with the right values, tensor by tensor. */
import { availableParallelism } from "node:os";
import { InvalidArgumentError, type Command } from "commander";
import { fileBytes } from "../../io/disk/fileBytes.ts";
import type { Engine } from "../../kernels/engine.ts";
import { openRecording, type Recording } from "../../recording/format/read.ts";
import type { Limits } from "../../recording/explain/explanation.ts";
import { verify, type Verdict, type Verification } from "../../recording/verify.ts";
import { wasmEngine } from "../../wasm.ts";
import { engineOf } from "../engine.ts";
import { aboutFile } from "../inputs/aboutFile.ts";
import { withEngine, withExamples, withJson, type EngineOptions, type JsonOption } from "../options.ts";
import { oneLine, print, printJson, progressOf, say, showForNow } from "../output.ts";
import { checkReport, writeVerification } from "../verifyReport.ts";
import { verificationLines } from "../verifyTable.ts";

interface VerifyOptions extends EngineOptions, JsonOption {
  readonly all?: true;
  /** Limit for the search for an explanation, per file. */
  readonly minutes: number;
  readonly report?: string;
}

/** In milliseconds. */
const MINUTE = 60_000;

/** Exit status if a tensor is not within its tolerance. */
const WRONG = 1;
/** Exit status if a file cannot be used. */
const UNUSABLE = 2;

interface TensorJson {
  readonly name: string;
  readonly status: "ok" | "off";
  readonly maxAbs: number;
  readonly maxRel: number;
  readonly rms: number;
  readonly tolerance: number;
  readonly worstIndex: readonly number[];
}

const tensorJson = ({ name, ok, maxAbs, error, rms, tolerance, worstIndex }: Verdict): TensorJson => ({
  name,
  status: ok ? "ok" : "off",
  maxAbs,
  maxRel: error,
  rms,
  tolerance: tolerance.bound,
  worstIndex,
});

/** The verdict as JSON, as section 5 of the recording format defines it. */
function verificationJson({ match, engine, tensors, first, findings, explanations }: Verification): object {
  return {
    verdict: match ? "match" : "mismatch",
    engine,
    tensors: tensors.map(tensorJson),
    first: first?.name ?? null,
    explanation: findings?.explanation ?? null,
    explanations,
  };
}

/** @throws RangeError for a file that is not a recording, or cannot be read */
function recordingAt(path: string): Recording {
  try {
    return openRecording(fileBytes(path));
  } catch (error) {
    throw aboutFile(path, error);
  }
}

/** Limits the search for an explanation; its time starts with its first step. */
function limitsOf(minutes: number, show: (text: string) => void): Limits {
  let end = Infinity;
  return {
    expired: () => Date.now() > end,
    trying: (what) => {
      if (end === Infinity) end = Date.now() + minutes * MINUTE;
      show(`looking for an explanation: ${what}`);
    },
    scout: () => wasmEngine({ threads: availableParallelism() }),
  };
}

async function verified(engine: Engine, path: string, { minutes, report }: VerifyOptions): Promise<Verification> {
  const recording = recordingAt(path);
  const count = recording.results.size;
  const show = progressOf("deit verify");
  let done = 0;
  try {
    const limits = limitsOf(minutes, (text) => show(`${path}: ${text}`));
    const verification = await verify(engine, recording, ({ name }) => show(`${path}: ${++done} of ${count}, ${name}`), limits);
    if (report !== undefined) await writeVerification(report, { engine, file: path, recording, verification });
    return verification;
  } catch (error) {
    throw aboutFile(path, error);
  } finally {
    showForNow("");
  }
}

type Outcome = { readonly file: string } & ({ readonly result: Verification } | { readonly unusable: string });

function printOutcome(outcome: Outcome, several: boolean, all: boolean): void {
  if (several) print(outcome.file);
  if ("result" in outcome) for (const line of verificationLines(outcome.result, all)) print(line);
}

async function run(files: readonly string[], options: VerifyOptions): Promise<void> {
  const { report } = options;
  if (report !== undefined) checkReport(report, files);
  const engine = await engineOf(options);
  const [only] = files;
  const outcomes: Outcome[] = [];
  for (const file of files) {
    try {
      outcomes.push({ file, result: await verified(engine, file, options) });
    } catch (error) {
      if (files.length === 1) throw error;
      const unusable = oneLine(error instanceof Error ? error.message : String(error));
      outcomes.push({ file, unusable });
      say(`deit verify: ${unusable}`);
    }
    const last = outcomes.at(-1);
    if (options.json !== true && last !== undefined) printOutcome(last, files.length > 1, options.all === true);
  }

  if (report !== undefined && options.json !== true) print(`${report} shows it`);

  const match = outcomes.every((outcome) => "result" in outcome && outcome.result.match);
  if (options.json === true) {
    const each = outcomes.map((o) => ({
      file: o.file,
      ...("result" in o ? verificationJson(o.result) : { verdict: "unusable", reason: o.unusable }),
    }));
    const [one] = outcomes;
    printJson(
      only !== undefined && files.length === 1 && one !== undefined && "result" in one
        ? verificationJson(one.result)
        : { verdict: match ? "match" : "mismatch", files: each },
    );
  }
  process.exitCode = outcomes.some((outcome) => "unusable" in outcome) ? UNUSABLE : match ? 0 : WRONG;
}

/** @throws InvalidArgumentError unless the text is a number of at least 0 */
function minutesOf(text: string): number {
  const minutes = Number(text);
  if (text.trim() === "" || !(minutes >= 0)) throw new InvalidArgumentError("must be a number of minutes, 0 or more.");
  return minutes;
}

export function addVerify(program: Command): void {
  const command = program
    .command("verify")
    .description("compare a recording of any implementation with the paper's formulas, and name the first wrong step")
    .argument("<file...>", "recordings (safetensors)")
    .option("--all", "print a line for every tensor")
    .option("--minutes <m>", "search for an explanation for up to this long in each file", minutesOf, 1)
    .option("--report <file>", "draw the verification of one recording as an HTML page");
  withExamples(withJson(withEngine(command)), [
    ["deit verify mine.safetensors", "the verdict, and what is known about the error"],
    ["deit verify mine.safetensors --engine reference", "with the tolerances of f64"],
    ["deit verify mine.safetensors --report mine.html", "the network with the error of each step, and the first wrong one in detail"],
    ["deit verify runs/*.safetensors --json", "for a script; exit status 0, 1 or 2"],
  ]).action(run);
}
