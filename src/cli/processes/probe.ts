/** Finds the adapter that a command uses, and the environment variables that its process needs to find it. */
import { execFile, type ExecFileException } from "node:child_process";
import { fileURLToPath } from "node:url";
import { isIndex, isShadowed, nameAt, type Listed } from "../../gpu/adapter.ts";
import { pciDevices, variablesForOnly } from "../../gpu/equalAdapters.ts";
import { SWIFTSHADER, swiftShaderVariables, whyNoSwiftShader } from "../../gpu/swiftshader.ts";
import { adapterOfRank } from "../../ranks/adapterOfRank.ts";
import { launchOf, localPlaceOf } from "../../ranks/launch.ts";
import type { AboutGpu, Probed, ProbeOptions } from "./gpuProbe.ts";
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
async function aboutWith(adapter: string | null, variables: Environment, triesUnits = false): Promise<AboutGpu> {
  const options: ProbeOptions = { adapter, experimental: true, triesUnits };
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
  readonly about: AboutGpu;
  /** The variables that a process needs to find the adapter. */
  readonly variables: Environment;
}

/**
 * Finds the adapter that a command uses: the one that its options name, else the fastest GPU, else SwiftShader if it is installed, which is
 * then also the adapter of index 0.
 *
 * @param triesUnits whether its matrix units are tried
 * @throws RangeError that says what is missing
 */
export async function probe(options: AdapterOption, triesUnits = false): Promise<Found> {
  const { adapter } = options;
  const name = adapterName(options);
  const onSwiftShader = async (which: string): Promise<Found> => {
    const variables = swiftShaderVariables();
    return { about: await aboutWith(which, variables, triesUnits), variables };
  };
  if (name === SWIFTSHADER) return onSwiftShader(SWIFTSHADER);
  if (isIndex(name)) {
    const adapters = await listed();
    if (adapters.length > 0 || whyNoSwiftShader() !== null) return probeAt(Number(name), adapters, triesUnits);
    return onSwiftShader(name ?? SWIFTSHADER);
  }
  try {
    const about = await aboutWith(name, {}, triesUnits);
    checkAdapter(options, about.adapter);
    return { about, variables: {} };
  } catch (error) {
    if (adapter !== undefined || whyNoSwiftShader() !== null) throw error;
    return onSwiftShader(SWIFTSHADER);
  }
}

/** The adapters that a process finds without SwiftShader's variables. */
const listed = (): Promise<readonly Listed[]> =>
  aboutWith(null, {}).then(
    ({ adapters }) => adapters,
    () => [],
  );

/** The adapter at a place in the list; of several with the same name, by a process that sees no other. */
async function probeAt(index: number, adapters: readonly Listed[], triesUnits: boolean): Promise<Found> {
  const name = adapters[index]?.name ?? "";
  if (isShadowed(index, adapters)) {
    const { vendor } = (await aboutWith(name, {})).adapter;
    const variables = variablesForOnly(index, adapters, vendor, pciDevices());
    const about = variables === null ? null : await aboutWith(name, variables, triesUnits);
    if (variables !== null && about?.adapters.length === 1) return { about: { ...about, adapters }, variables };
  }
  return { about: await aboutWith(nameAt(index, adapters), {}, triesUnits), variables: {} };
}

/** The error for an engine that cannot run here; `reason` is the end of a sentence that begins with "it". */
export const cannotRun = (engine: string, reason: string): RangeError =>
  new RangeError(`engine ${engine} cannot run here: it ${reason}; --engine reference can`);

/** The value of an option, `--adapter x` or `--adapter=x`. */
function valueOf(option: string, args: readonly string[]): string | undefined {
  const at = args.findLastIndex((arg) => arg === option || arg.startsWith(`${option}=`));
  return args[at] === option ? args[at + 1] : args[at]?.slice(option.length + 1);
}

/** The same command line with another adapter. */
function withAdapter(args: readonly string[], name: string): readonly string[] {
  const at = args.findLastIndex((arg) => arg === "--adapter" || arg.startsWith("--adapter="));
  if (at < 0) return [...args, "--adapter", name];
  return args[at] === "--adapter" ? args.with(at + 1, name) : args.with(at, `--adapter=${name}`);
}

/** The adapter that a command line asks for; on one of several ranks that does not say, the index of a GPU of its own. */
async function askedAdapter(args: readonly string[]): Promise<string | undefined> {
  const adapter = valueOf("--adapter", args);
  const place = launchOf(process.env) === null ? null : localPlaceOf(process.env);
  if (place === null || (adapter !== undefined && adapter !== HARDWARE)) return adapter;
  const index = adapterOfRank(place, await listed());
  return index === null ? adapter : `${index}`;
}

/** How the process of a command line finds its adapter. */
export interface Placed {
  /** The command line, in which an adapter is named and not counted: the process may see fewer. */
  readonly args: readonly string[];
  readonly variables: Environment;
}

/** @throws RangeError that says why there is no adapter */
export async function placed(args: readonly string[]): Promise<Placed> {
  try {
    const adapter = await askedAdapter(args);
    const { about, variables } = await probe(adapter === undefined ? {} : { adapter });
    return { args: adapter !== undefined && isIndex(adapter) ? withAdapter(args, about.adapter.name) : args, variables };
  } catch (error) {
    throw cannotRun("webgpu", messageOf(error));
  }
}
