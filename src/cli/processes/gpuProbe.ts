/** A program: `gpuProbe.js OPTIONS` prints, as one line of JSON, which adapter would be used, or what is missing. */
import { aboutAdapter, type About } from "../../gpu/about.ts";
import type { DawnOptions } from "../../gpu/dawn.ts";

export type Probed = About | { readonly needs: string };

const [, , text = ""] = process.argv;
const options: DawnOptions = JSON.parse(text);
const needs = (error: unknown): Probed => ({ needs: error instanceof Error ? error.message : String(error) });
process.stdout.write(`${JSON.stringify(await aboutAdapter(options).catch(needs))}\n`);
