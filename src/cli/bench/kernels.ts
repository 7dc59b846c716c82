/** `deit bench peak|gemm|op`: single kernels. */
import { isAsynchronous } from "../../bench/asynchronous.ts";
import { asynchronousGemm, engineGemm, forwardRatio, wasmGemm } from "../../bench/gemm.ts";
import { benchOp, benchOpAsynchronous, type OpRow } from "../../bench/ops.ts";
import { benchPeak, peakMeter } from "../../bench/peak.ts";
import { gemmShapes, shapeText } from "../../bench/gemmShapes.ts";
import { metersOf } from "../../bench/roofline.ts";
import { median } from "../../bench/statistics.ts";
import { opBenches } from "./files.ts";
import { chosen, hasPeak, headOf, timingOf, type BenchOptions } from "./options.ts";
import { gemmJson, opJson, printGemm, printOps, printPeak } from "./tables.ts";
import { engineOf } from "../engine.ts";
import { printJson, showForNow } from "../output.ts";

/** @throws RangeError for more than one thread */
function onOneCore(what: string, { threads }: BenchOptions): void {
  if (threads > 1) throw new RangeError(`--threads ${threads}: ${what} is timed on one core; use --threads 1`);
}

export async function peak(options: BenchOptions): Promise<void> {
  await engineOf(options);
  onOneCore("the peak", options);
  if (!hasPeak(options))
    throw new RangeError(`--engine ${options.engine}: the peak is measured for the wasm engine only; use --engine wasm`);
  const found = await benchPeak(timingOf(options));
  if (options.json === true) printJson({ ...headOf("peak", options), peakGflops: found.median });
  else printPeak(found);
}

export async function gemm(options: BenchOptions): Promise<void> {
  const engine = await engineOf(options);
  onOneCore("a matrix multiplication", options);
  const asked = chosen(gemmShapes, (shape) => `${shapeText(shape)} ${shape.form}`, options.only?.replaceAll("x", "×"));
  const onRow = ({ shape, form }: { readonly shape: string; readonly form: string }): void => showForNow(`${shape} ${form}`);
  const rows = hasPeak(options)
    ? await wasmGemm(asked, timingOf(options), onRow)
    : isAsynchronous(engine)
      ? await asynchronousGemm(engine, asked, options.repetitions, onRow)
      : engineGemm(engine, asked, timingOf(options), onRow);
  showForNow("");
  const overall = hasPeak(options)
    ? { peakGflops: median(rows.flatMap(({ against }) => against?.peakGflops ?? [])), ratio: forwardRatio(rows) }
    : {};
  if (options.json === true) printJson({ ...headOf("gemm", options), ...overall, rows: gemmJson(rows) });
  else printGemm(rows);
}

export async function op(options: BenchOptions): Promise<void> {
  const engine = await engineOf(options);
  const asked = chosen(await opBenches(), ({ name }) => name, options.only);
  const timing = timingOf(options);
  const settings = { ...timing, meters: hasPeak(options) ? await metersOf(await peakMeter(timing.clock)) : null };
  const onRow = (row: OpRow): void => showForNow(`${row.op} ${row.title}`);
  const rows: OpRow[] = [];
  for (const bench of asked)
    rows.push(
      ...(isAsynchronous(engine)
        ? await benchOpAsynchronous(engine, bench, options.repetitions, onRow)
        : benchOp(engine, bench, settings, onRow)),
    );
  showForNow("");
  if (options.json === true) printJson({ ...headOf("op", options), rows: opJson(rows) });
  else printOps(rows);
}
