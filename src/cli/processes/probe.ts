/** Finds the adapter that a command uses, and the environment variables that its process needs to find it. */
import { execFile, type ExecFileException } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { About } from "../../gpu/about.ts";
import { isIndex } from "../../gpu/adapter.ts";
import type { DawnOptions } from "../../gpu/dawn.ts";
import { SWIFTSHADER, swiftShaderVariables, whyNoSwiftShader } from "../../gpu/swiftshader.ts";
import type { Probed } from "./gpuProbe.ts";
import type { AdapterOption } from "../options.ts";
import { messageOf } from "../output.ts";

/** How long a driver may take to answer, in ms. */
const TIMEOUT_MS = 60_000;

/** A separate program, since the driver that it loads may crash. */
const PROBE = fileURLToPath(new URL("gpuProbe.js", import.meta.url));

/** The values of `--adapter` that are not names: any GPU, and the software adapter. */
const [HARDWARE, SOFTWARE] = ["hardware", "swiftshader"] as const;

/** The name that Dawn looks for; null: the fastest adapter. */
export const adapterName = ({ adapter }: AdapterOption): string | null => {
  if (adapter === undefined || adapter === HARDWARE) return null;
  return adapter.toLowerCase() === SOFTWARE ? SWIFTSHADER : adapter;
};

/** Environment variables of a process. */
export type Environment = Readonly<Record<string, string>>;

/** The last line of a text that is not part of a stack trace. */
const lastLine = (text: string): string =>
  text
    .trim()
    .split("\n")
    .findLast((line) => !/^\s+at /.test(line)) ?? "";

/** What is missing, if the probe gave no answer. */
function needsOf({ killed, signal, code }: ExecFileException): string {
  if (killed === true) return `needs a driver that answers: nothing came in ${TIMEOUT_MS / 1000} s`;
  return `needs a driver that works: looking for an adapter ended with ${signal ?? code}`;
}

/** @throws RangeError for a software adapter, if hardware was asked for */
export function checkAdapter({ adapter }: AdapterOption, { software, name }: { readonly software: boolean; readonly name: string }): void {
  if (adapter === HARDWARE && software) throw new RangeError(`needs a GPU, and the adapter here computes on the processor: ${name}`);
}

/** What the adapter is, as a process with these variables finds it. @throws RangeError that says what is missing */
async function aboutWith(adapter: string | null, variables: Environment): Promise<About> {
  const options: DawnOptions = { adapter, experimental: true };
  const settings = { timeout: TIMEOUT_MS, env: { ...process.env, ...variables } };
  const [probed, said] = await new Promise<readonly [Probed, string]>((resolve) => {
    execFile(process.execPath, [PROBE, JSON.stringify(options)], settings, (error, stdout, stderr) => {
      resolve([error === null ? JSON.parse(lastLine(stdout)) : { needs: needsOf(error) }, lastLine(stderr)]);
    });
  });
  if ("needs" in probed) throw new RangeError(`${probed.needs}${said === "" ? "" : ` (${said})`}`);
  return probed;
}

/** An adapter that was found. */
export interface Found {
  readonly about: About;
  /** The variables that a process needs to find the adapter. */
  readonly variables: Environment;
}

/**
 * Finds the adapter that a command uses: the one that its options name, else the fastest GPU, else SwiftShader if it is installed, which is
 * then also the adapter of index 0.
 *
 * @throws RangeError that says what is missing
 */
export async function probe(options: AdapterOption): Promise<Found> {
  const { adapter } = options;
  const name = adapterName(options);
  const onSwiftShader = async (which: string): Promise<Found> => {
    const variables = swiftShaderVariables();
    return { about: await aboutWith(which, variables), variables };
  };
  if (name === SWIFTSHADER) return onSwiftShader(SWIFTSHADER);
  try {
    const about = await aboutWith(name, {});
    checkAdapter(options, about.adapter);
    return { about, variables: {} };
  } catch (error) {
    const index = adapter !== undefined && isIndex(adapter);
    if ((adapter !== undefined && !index) || whyNoSwiftShader() !== null) throw error;
    if (index && (await hasGpu())) throw error;
    return onSwiftShader(index ? adapter : SWIFTSHADER);
  }
}

/** Whether a process finds an adapter without SwiftShader's variables. */
const hasGpu = (): Promise<boolean> =>
  aboutWith(null, {}).then(
    () => true,
    () => false,
  );

/** The error for an engine that cannot run here; `reason` is the end of a sentence that begins with "it". */
export const cannotRun = (engine: string, reason: string): RangeError =>
  new RangeError(`engine ${engine} cannot run here: it ${reason}; --engine reference can`);

/** The value of an option, `--adapter x` or `--adapter=x`. */
function valueOf(option: string, args: readonly string[]): string | undefined {
  const at = args.findLastIndex((arg) => arg === option || arg.startsWith(`${option}=`));
  return args[at] === option ? args[at + 1] : args[at]?.slice(option.length + 1);
}

/**
 * The variables with which the process of a command line finds its adapter.
 *
 * @throws RangeError that says why there is no adapter
 */
export async function environmentFor(args: readonly string[]): Promise<Environment> {
  const adapter = valueOf("--adapter", args);
  try {
    const { variables } = await probe(adapter === undefined ? {} : { adapter });
    return variables;
  } catch (error) {
    throw cannotRun("webgpu", messageOf(error));
  }
}
