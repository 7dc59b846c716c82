/** `deit bench init`: how long drawing the initial parameters of a model takes. */
import { benchInit } from "../../bench/init.ts";
import { configOf, headOf, timingOf, type BenchOptions } from "./options.ts";
import { printInit } from "./tables.ts";
import { engineOf } from "../engine.ts";
import { printJson } from "../output.ts";

export async function init(options: BenchOptions): Promise<void> {
  const { model } = options;
  const config = configOf(options);
  const found = benchInit((await engineOf(options)).kernels, config, timingOf(options));
  if (options.json !== true) return printInit(model, found);
  printJson({ ...headOf("init", options), model, parameters: found.parameters, ms: found.ms.median });
}
