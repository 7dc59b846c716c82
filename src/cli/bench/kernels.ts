/** `deit bench peak|gemm|op`: kernels by themselves. */
import { isAsynchronous } from "../../bench/asynchronous.ts";
import { asideGemm, engineGemm, forwardRatio, wasmGemm } from "../../bench/gemm.ts";
import { benchOp, benchOpAsynchronous, type OpRow } from "../../bench/ops.ts";
import { benchPeak, peakMeter } from "../../bench/peak.ts";
import { products, shapeText } from "../../bench/gemmShapes.ts";
import { metersOf } from "../../bench/roofline.ts";
import { median } from "../../bench/statistics.ts";
import { opBenches } from "./files.ts";
import { chosen, hasPeak, headOf, timingOf, type BenchOptions } from "./options.ts";
import { gemmJson, opJson, printGemm, printOps, printPeak } from "./tables.ts";
import { engineOf } from "../engine.ts";
import { printJson, showForNow } from "../output.ts";

/** @throws RangeError for more threads than are timed */
function onOneCore(what: string, { threads }: BenchOptions): void {
  if (threads > 1) throw new RangeError(`--threads ${threads}: ${what} is timed on one core; --threads 1 would be right`);
}

export async function peak(options: BenchOptions): Promise<void> {
  await engineOf(options);
  onOneCore("the register peak", options);
  if (!hasPeak(options))
    throw new RangeError(`--engine ${options.engine}: the register peak is that of the wasm engine; --engine wasm would be right`);
  const found = await benchPeak(timingOf(options));
  if (options.json === true) printJson({ ...headOf("peak", options), peakGflops: found.median });
  else printPeak(found);
}

export async function gemm(options: BenchOptions): Promise<void> {
  const engine = await engineOf(options);
  onOneCore("a product", options);
  const asked = chosen(products, (product) => `${shapeText(product)} ${product.form}`, options.only?.replaceAll("x", "×"));
  const onRow = ({ shape, form }: { readonly shape: string; readonly form: string }): void => showForNow(`${shape} ${form}`);
  const rows = hasPeak(options)
    ? await wasmGemm(asked, timingOf(options), onRow)
    : isAsynchronous(engine)
      ? await asideGemm(engine, asked, options.repetitions, onRow)
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
