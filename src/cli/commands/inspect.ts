/** `deit inspect`: shows what happens inside a model on one image, and how its two tokens and heads differ on a data set. */
import { statSync } from "node:fs";
import { Option, type Command } from "commander";
import type { DisagreementMatrix } from "../../inspect/disagreement.ts";
import { inspectionFiles } from "../../inspect/files.ts";
import { inspect, measure, type Decision, type Inspection, type Measurement } from "../../inspect/inspection.ts";
import type { Origin } from "../../inspect/page.ts";
import { checkNewFolder, writeFolder } from "../../io/disk/folder.ts";
import { engineOf } from "../engine.ts";
import { withConvention, type ImageOptions } from "../inputs/imageOptions.ts";
import { inspectedOf } from "../inputs/inspected.ts";
import { collected, natural, positive, withEngine, withExamples, withJson, type EngineOptions, type JsonOption } from "../options.ts";
import { percent, print, printJson, showForNow, table } from "../output.ts";
import { modelsBeside } from "../inputs/beside.ts";
import { teacherOf } from "../inputs/teacherOf.ts";
import { version } from "../version.ts";
import { HASH, weightedModel, type WeightsOptions } from "../inputs/weights.ts";
import { WEIGHTS, withWeights } from "../inputs/weightsOptions.ts";

interface InspectOptions extends EngineOptions, JsonOption, WeightsOptions, ImageOptions {
  /** The folder for the page; absent: only the numbers are printed. */
  readonly out?: string;
  readonly index?: number;
  readonly images?: number;
  readonly beside?: readonly string[];
}

const COSINE_DIGITS = 3;

/** Writes the folder, and returns the paths in it. */
async function written(folder: string, inspection: Inspection, origin: Origin): Promise<readonly string[]> {
  const paths: string[] = [];
  function* noted(): ReturnType<typeof inspectionFiles> {
    for (const file of inspectionFiles(inspection, origin)) {
      showForNow(`writing ${file[0]}`);
      paths.push(file[0]);
      yield file;
    }
  }
  try {
    await writeFolder(folder, noted());
  } finally {
    showForNow("");
  }
  return paths;
}

function printMeasurement({ image: { name, classes }, decisions, cosines, disagreement, set }: Measurement): void {
  const said = decisions.flatMap(({ by, top }) =>
    top.slice(0, 1).map(({ index, probability }) => `${classes[index] ?? index} by ${by} (${percent(probability)})`),
  );
  print(`${name}: ${said.join(", ")}`);
  if (cosines === null) print("a plain model: no distillation token to compare with");
  else {
    const ends = [
      [cosines.positioned, cosines.blocks.at(-1)],
      [cosines.input, cosines.blocksWithoutPositions.at(-1)],
    ].map((pair) => pair.map((cosine) => (cosine ?? NaN).toFixed(COSINE_DIGITS)).join(" → "));
    print(`cosine of the two tokens, input → last block: ${ends[0]} with positions, ${ends[1]} without`);
  }
  if (disagreement !== null && set !== null) {
    const [, ...rows] = disagreement.names;
    print(`wrong on ${rows.map((by, i) => `${percent(disagreement.matrix[0]?.[i + 1] ?? NaN)} by ${by}`).join(", ")} of ${set}`);
  }
}

/** Where the weights come from, as the page shows it. */
function weightsText(source: string, { model, ema }: WeightsOptions): string {
  if (source.startsWith(HASH)) return `${source}: random, of ${model ?? "no model"}`;
  const place = statSync(source).isDirectory() ? `the run in ${source}` : `the file ${source}`;
  return ema === true ? `the moving average of ${place}` : place;
}

/** A decision as JSON; `decision` and `probability` repeat the first entry of `top5`. */
function decisionJson({ by, top }: Decision, classes: readonly string[]): object {
  const top5 = top.map(({ index, probability }) => ({ index, label: classes[index] ?? `${index}`, probability }));
  return { by, decision: top5[0]?.index, probability: top5[0]?.probability, top5 };
}

/** The table of disagreement: a row and a column for each decider. */
function printDisagreement({ names, matrix, images }: DisagreementMatrix): void {
  const rows = names.map((name, i) => [name, ...(matrix[i] ?? []).map(percent)]);
  print(`classified differently, of ${images} images:`);
  for (const line of table(
    [["", ...names], ...rows],
    ["", ...names].map((_, i) => (i === 0 ? "left" : "right")),
  ))
    print(line);
}

/** Prints what was measured. `out`: the folder with these files; null: nothing was written. */
function show(measured: Measurement, out: string | null, files: readonly string[], { json }: JsonOption): void {
  const { image, cosines, disagreement } = measured;
  if (json === true) {
    const decisions = measured.decisions.map((one) => decisionJson(one, image.classes));
    return printJson({ out, image: image.name, label: image.label, decisions, cosines, disagreement, files });
  }
  printMeasurement(measured);
  if (out !== null) print(`${files.length} files in ${out}; ${out}/index.html shows them`);
  else if (disagreement !== null) printDisagreement(disagreement);
}

async function run(source: string, what: string, options: InspectOptions): Promise<void> {
  const { out, beside = [] } = options;
  if (out !== undefined) checkNewFolder(out);
  const engine = await engineOf(options);
  const model = weightedModel(source, options);
  const { image, set } = await inspectedOf(what, model, options);
  const { kernels: k } = engine;
  const { config, preprocessing: normalisation, upload } = model;
  const teacher = set === null ? null : await teacherOf(source, { side: config.imageSize, normalisation });
  const measured = set === null ? null : { ...set, teacher: teacher?.(k) ?? null, beside: modelsBeside(what, model, options) };
  const deit = { config, params: upload(k) };
  if (out === undefined) return show(await measure(engine, deit, image, measured), null, [], options);
  const inspection = await inspect(engine, deit, image, measured);
  const origin = {
    weights: weightsText(source, options),
    beside: beside.map((other) => weightsText(other, {})),
    engine: `${engine.name}, ${engine.precision}`,
    version: version(),
  };
  show(inspection, out, await written(out, inspection, origin), options);
}

const BESIDE =
  "for a data set: a run's folder or a file of a DeiT, whose decisions join the table of disagreement under its name, on images of its own size; " +
  "may be repeated. --image-size, --heads and --ema are about the first weights only";

export function addInspect(program: Command): void {
  const command = program
    .command("inspect")
    .description("show the inside of a model: attention, rollout, token cosines, disagreement of the heads, every intermediate value")
    .argument("<run-or-weights>", WEIGHTS)
    .argument("<image-or-data>", "a JPEG, PNG or WebP file, or a data set as for `deit eval`")
    .option("--out <dir>", "a new folder for the results (default: only the numbers are printed)")
    .addOption(new Option("--index <i>", "for a data set: which image to inspect, from 0 on (default: 0)").argParser(natural))
    .addOption(
      new Option("--images <n>", "for a data set: on how many images to measure cosines and disagreement (default: all)").argParser(
        positive,
      ),
    )
    .addOption(new Option("--beside <weights>", BESIDE).argParser(collected));
  withExamples(withJson(withEngine(withConvention(withWeights(command)))), [
    ["deit inspect runs/digits-0 digits --out seen", "the first test image, and all of them"],
    ["deit inspect runs/digits-0 digits --index 7 --out seven", "another image"],
    ["deit inspect runs/distilled digits --beside runs/plain", "only the numbers; the disagreement with another run (Table 4)"],
    ["deit inspect hash:7 cat.jpg --model deit-tiny-distilled --out cat", "a photograph, with random weights"],
  ]).action(run);
}
