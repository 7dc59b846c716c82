/** A program: `gpuProbe.js OPTIONS` prints, as one line of JSON, which adapter would be used, or what is missing. */
import { aboutAdapter, type About } from "../../gpu/about.ts";
import type { DawnOptions } from "../../gpu/dawn.ts";
import { matrixUse, type MatrixUse } from "./matrixUse.ts";

export interface ProbeOptions extends DawnOptions {
  /** Whether its matrix units are tried, on a device. */
  readonly triesUnits: boolean;
}

/** An adapter, and the use of its matrix units if they were tried. */
export interface AboutGpu extends About {
  readonly matrixUnits?: MatrixUse;
}

export type Probed = AboutGpu | { readonly needs: string };

async function probed(options: ProbeOptions): Promise<AboutGpu> {
  const about = await aboutAdapter(options);
  return options.triesUnits ? { ...about, matrixUnits: await matrixUse(options) } : about;
}

const [, , text = ""] = process.argv;
const options: ProbeOptions = JSON.parse(text);
const needs = (error: unknown): Probed => ({ needs: error instanceof Error ? error.message : String(error) });
process.stdout.write(`${JSON.stringify(await probed(options).catch(needs))}\n`);
