/** `deit bench rates`: measures the rates that `deit bench project` assumes. */
import { isAsynchronous } from "../../bench/asynchronous.ts";
import { measuredRates } from "../../bench/costs/measure.ts";
import { terms } from "../../bench/costs/terms.ts";
import { engineOf } from "../engine.ts";
import { print, printJson, showForNow, table } from "../output.ts";
import { configOf, headOf, TRAIN_BATCH, type BenchOptions } from "./options.ts";
import { rateCells } from "./rateUnits.ts";
import { gemmJson, printGemm } from "./tables.ts";

/** @throws RangeError for an engine that runs on the processor */
export async function rates(options: BenchOptions): Promise<void> {
  const config = configOf(options);
  const engine = await engineOf(options);
  if (!isAsynchronous(engine)) throw new RangeError(`--engine ${options.engine}: rates are measured on a device; use --engine webgpu`);
  const { model, batch = TRAIN_BATCH, repetitions } = options;
  const { rates: found, gemm } = await measuredRates(engine, config, batch, repetitions, ({ shape, form }) =>
    showForNow(`${shape} ${form}`),
  );
  showForNow("");
  const { precision } = engine;
  if (options.json === true)
    return printJson({
      ...headOf("rates", options),
      precision,
      model,
      imageSize: config.imageSize,
      batch,
      rates: found,
      rows: gemmJson(gemm),
    });
  const rows = terms.flatMap((term) => {
    const rate = found[term];
    return rate === undefined ? [] : [rateCells(term, [rate])];
  });
  for (const line of table([["rate", "", "measured"], ...rows], ["left", "left", "right"])) print(line);
  print("");
  printGemm(gemm);
}
