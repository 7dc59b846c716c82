/** `deit bench scaling`: predicts how a training step scales with the number of ranks, by the model of src/bench/scaling. */
import { adapterNamed } from "../../bench/adapters.ts";
import { costOf } from "../../bench/profileTree.ts";
import { projected, stages } from "../../bench/projection.ts";
import { CPU_FLOPS, nodeNamed, type Node, type Sums } from "../../bench/scaling/nodes.ts";
import { stepSeconds, sumSeconds, type StepOnOneRank } from "../../bench/scaling/step.ts";
import type { DeitConfig } from "../../model/config.ts";
import { parameterCount } from "../../model/params.ts";
import { print, printJson, table } from "../output.ts";
import { configOf, type BenchOptions } from "./options.ts";
import { PROJECT_BATCH } from "./project.ts";

/** Bytes of a gradient: sums are in f32. */
const BYTES = 4;
const MILLI = 1e-3;
const MEGA = 1e6;
const NODE = "h100";
const RANKS = "1,8,16,32,64,128,256,512,1024";

/** What a rank computes in a step at 224 or the configuration's size, without a teacher: on the GPU as its projection expects. */
function onOneRank(config: DeitConfig, batch: number, node: string): StepOnOneRank {
  const { title, epochs, paperHours } = stages[0] ?? { title: "", epochs: 0, paperHours: 0 };
  const stage = { title, epochs, paperHours, imageSize: config.imageSize };
  const precision = node === NODE ? "f16" : "f32";
  const { forecast, at } = projected({ config, teacher: null }, stage, batch, { adapter: adapterNamed("h100"), precision });
  const expected = at.find(({ column }) => column === "expected");
  const compute = node === NODE ? (expected?.ms ?? NaN) * MILLI : (2 * costOf(forecast.root).macs) / CPU_FLOPS;
  return { compute, gradients: BYTES * parameterCount(config) };
}

/** @throws RangeError for a list that is not one of powers of two */
function ranksIn(list: string): readonly number[] {
  const found = list.split(",").map(Number);
  const wrong = found.find((R) => !Number.isInteger(Math.log2(R)));
  if (wrong !== undefined) throw new RangeError(`--ranks ${list}: powers of two would be right, such as 8,64,1024`);
  return found;
}

interface Predicted {
  readonly ranks: number;
  /** All gradients summed, with nothing else going on. */
  readonly sumMs: number;
  readonly stepMs: number;
  readonly imagesPerSecond: number;
  /** Of the images a second that as many ranks would reach without sums. */
  readonly efficiency: number;
}

function predicted(one: StepOnOneRank, R: number, batch: number, { ranks: perNode }: Node, sums: Sums): Predicted {
  const seconds = stepSeconds(one, R, perNode, sums);
  return {
    ranks: R,
    sumMs: sumSeconds(one.gradients, R, perNode, sums) / MILLI,
    stepMs: seconds / MILLI,
    imagesPerSecond: (R * batch) / seconds,
    efficiency: one.compute / seconds,
  };
}

const HEAD = ["ranks", "sums alone, ms", "step, ms", "images/s", "efficiency"];
const cellsOf = ({ ranks, sumMs, stepMs, imagesPerSecond, efficiency }: Predicted): readonly string[] => [
  `${ranks}`,
  sumMs.toFixed(1),
  stepMs.toFixed(1),
  imagesPerSecond.toFixed(0),
  `${(100 * efficiency).toFixed(0)} %`,
];

/** @throws RangeError for an unknown model or node, or ranks that are no powers of two */
export function scaling(options: BenchOptions): void {
  const { model, batch = PROJECT_BATCH, node: name = NODE, ranks: list = RANKS, json } = options;
  const node = nodeNamed(name);
  const ranks = ranksIn(list);
  const one = onOneRank(configOf(options), batch, name);
  const { compute, gradients } = one;
  const head = { what: "scaling", note: "prediction, not measured on hardware", model, batch, node: node.title, sources: node.sources };
  const predictions = node.sums.map((sums) => ({ sums: sums.title, rows: ranks.map((R) => predicted(one, R, batch, node, sums)) }));
  if (json === true) return printJson({ ...head, computeMs: compute / MILLI, gradientBytes: gradients, predictions });
  print(`${model}, ${batch} images a rank, ${node.title}: ${head.note}`);
  print(`a step takes ${(compute / MILLI).toFixed(1)} ms without sums; ${(gradients / MEGA).toFixed(0)} MB of gradients`);
  for (const { sums, rows } of predictions) {
    print(`\n${sums}`);
    for (const line of table(
      [HEAD, ...rows.map(cellsOf)],
      HEAD.map(() => "right"),
    ))
      print(line);
  }
  print(`\n${node.sources}`);
}
