/** The GPU of a command: what it is, and an engine on it. */
import { execFile, type ExecFileException } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { About } from "../gpu/about.ts";
import type { DawnOptions } from "../gpu/dawn.ts";
import { openDevice } from "../gpu/device.ts";
import type { Engine } from "../kernels/engine.ts";
import { webgpuEngine } from "../webgpu.ts";
import type { Probed } from "./gpuProbe.ts";
import type { AdapterOption, GpuOptions } from "./options.ts";

/** A driver that has not answered by then never will, in ms. */
const PATIENCE = 60_000;

/** A program of its own, since what it loads may crash. */
const PROBE = fileURLToPath(new URL("gpuProbe.js", import.meta.url));

const MEGA = 1e6;

/** Without the places in the source of the one who speaks. */
const lastLine = (text: string): string =>
  text
    .trim()
    .split("\n")
    .findLast((line) => !/^\s+at /.test(line)) ?? "";

/** What is left to say where the probe gave no answer. */
function needsOf({ killed, signal, code }: ExecFileException): string {
  if (killed === true) return `needs a driver that answers: nothing came in ${PATIENCE / 1000} s`;
  return `needs a driver that works: looking for an adapter ended with ${signal ?? code}`;
}

/**
 * The adapter that a command would take, and others.
 *
 * @throws RangeError that says what is needed
 */
export async function probe({ adapter }: AdapterOption): Promise<About> {
  const options: DawnOptions = { adapter: adapter ?? null, experimental: true };
  const [probed, said] = await new Promise<readonly [Probed, string]>((resolve) => {
    execFile(process.execPath, [PROBE, JSON.stringify(options)], { timeout: PATIENCE }, (error, stdout, stderr) => {
      resolve([error === null ? JSON.parse(lastLine(stdout)) : { needs: needsOf(error) }, lastLine(stderr)]);
    });
  });
  if ("needs" in probed) throw new RangeError(`${probed.needs}${said === "" ? "" : ` (${said})`}`);
  return probed;
}

/**
 * A new engine on a new device.
 *
 * @throws RangeError that says what is needed
 */
export async function gpuEngine({ adapter, defaultLimits, gpuMemory, tensorCores, precision = "f32" }: GpuOptions): Promise<Engine> {
  const device = await openDevice({ adapter: adapter ?? null, experimental: tensorCores ?? false, plain: defaultLimits ?? false });
  return webgpuEngine({ device, precision, memory: gpuMemory === undefined ? Infinity : gpuMemory * MEGA });
}
