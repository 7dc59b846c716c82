/** The published RegNetYs (deit.md 8.1): sizes, numbers of parameters, and every tensor of the paper's teacher. */
import type { Row } from "../../check/laws/row.ts";
import { regnetConfig, squeezedWidth, stagesOfDesign } from "../../teacher/config.ts";
import { mapNorms } from "../../teacher/norms.ts";
import { buildRegnet, regnetParameterCount, regnetShapes } from "../../teacher/params.ts";
import { size, tensor, type Shape, type Tensor } from "../../tensor/tensor.ts";
import { named } from "../../tensor/tree.ts";
import { hostRow } from "../cases/row.ts";

/** The printed sizes of one network. */
interface Printed {
  readonly timm: string;
  readonly parameters: number;
  readonly widths: readonly number[];
  readonly depths: readonly number[];
  readonly groupWidth: number;
}

const printed: { readonly [name: string]: Printed } = {
  "regnety-4gf": {
    timm: "regnety_040",
    parameters: 20_646_656,
    widths: [128, 192, 512, 1088],
    depths: [2, 6, 12, 2],
    groupWidth: 64,
  },
  "regnety-8gf": {
    timm: "regnety_080",
    parameters: 39_180_068,
    widths: [168, 448, 896, 2016],
    depths: [2, 4, 10, 1],
    groupWidth: 56,
  },
  "regnety-12gf": {
    timm: "regnety_120",
    parameters: 51_822_544,
    widths: [224, 448, 896, 2240],
    depths: [2, 5, 11, 1],
    groupWidth: 112,
  },
  "regnety-16gf": {
    timm: "regnety_160",
    parameters: 83_590_140,
    widths: [224, 448, 1232, 3024],
    depths: [2, 4, 11, 1],
    groupWidth: 112,
  },
};

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

function sizesHold([name, { timm, parameters, widths, depths, groupWidth }]: readonly [string, Printed]): boolean {
  const config = regnetConfig(name);
  const { channels, stem, classes, batchNormEps } = config;
  return (
    same([config.widths, config.depths, config.groupWidth], [widths, depths, groupWidth]) &&
    same([channels, stem, classes, batchNormEps], [3, 32, 1000, 1e-5]) &&
    same(regnetConfig(timm), config) &&
    regnetParameterCount(config) === parameters
  );
}

/** The teacher of the paper: the number of parameters of each stage, and the squeezed width of each block. */
const STAGES = [648_768, 3_777_032, 54_604_200, 21_534_212];
const SQUEEZED = [8, 56, 56, 112, 112, 112, 112, 308, 308, 308, 308, 308, 308, 308, 308, 308, 308, 308];

type Named = readonly [name: string, shape: Shape, kind: "parameter" | "buffer"];

const convolution = (name: string, O: number, I: number, k: number): readonly Named[] => [
  [`${name}.conv.weight`, [O, I, k, k], "parameter"],
  [`${name}.bn.weight`, [O], "parameter"],
  [`${name}.bn.bias`, [O], "parameter"],
  [`${name}.bn.running_mean`, [O], "buffer"],
  [`${name}.bn.running_var`, [O], "buffer"],
  [`${name}.bn.num_batches_tracked`, [], "buffer"],
];

const layer = (name: string, O: number, ...inner: Shape): readonly Named[] => [
  [`${name}.weight`, [O, ...inner], "parameter"],
  [`${name}.bias`, [O], "parameter"],
];

/** Every tensor of a checkpoint in order: stem, blocks, head. */
function teacherTensors({ widths, depths, groupWidth }: Printed): readonly Named[] {
  const tensors = [...convolution("stem", 32, 3, 3)];
  let [input, n] = [32, 0];
  for (const [s, w] of widths.entries())
    for (let j = 1; j <= (depths[s] ?? 0); j++) {
      const [block, S] = [`s${s + 1}.b${j}`, SQUEEZED[n++] ?? 0];
      tensors.push(...convolution(`${block}.conv1`, w, input, 1), ...convolution(`${block}.conv2`, w, groupWidth, 3));
      tensors.push(...layer(`${block}.se.fc1`, S, w, 1, 1), ...layer(`${block}.se.fc2`, w, S, 1, 1));
      tensors.push(...convolution(`${block}.conv3`, w, w, 1), ...(j === 1 ? convolution(`${block}.downsample`, w, input, 1) : []));
      input = w;
    }
  return [...tensors, ...layer("head.fc", 1000, input)];
}

function teacherHolds(teacher: Printed): boolean {
  const tensors = [...regnetShapes(regnetConfig("regnety-16gf"))].map(([name, { shape, kind }]): Named => [name, shape, kind]);
  const inStage = (s: number): number =>
    tensors.reduce((sum, [name, shape, kind]) => sum + (name.startsWith(`s${s}.`) && kind === "parameter" ? size(shape) : 0), 0);
  return (
    same(tensors, teacherTensors(teacher)) &&
    same(
      STAGES.map((_, s) => inStage(s + 1)),
      STAGES,
    )
  );
}

/** The design of 16GF with groups of one channel, so that the widths of stages are those of the blocks. */
const DESIGN = { start: 200, slope: 106.23, multiplier: 2.48, depth: 18, groupWidth: 1 };

/** Roundings: block widths to multiples of 8; a quarter of the input's channels as Python rounds, ties to even. */
const roundingsHold = (): boolean =>
  same(stagesOfDesign(DESIGN), { widths: [200, 496, 1232, 3048], depths: [2, 4, 11, 1] }) &&
  same(
    [10, 14, 18, 22].map((input) => squeezedWidth(regnetConfig("regnety-16gf"), input)),
    [2, 4, 4, 6],
  );

/** The path of each leaf is its name; parameters are in one tree, buffers in the other. */
function pathsAreNames(): boolean {
  const names = new Map<Tensor, string>();
  const { params, running } = buildRegnet(regnetConfig("regnety-16gf"), (name, shape, kind) => {
    const leaf = tensor(shape, names);
    names.set(leaf, `${kind} ${name}`);
    return leaf;
  });
  const pathsHold = (tree: unknown, kind: string): boolean =>
    [...named(tree)].every(([path, leaf]) => names.get(leaf) === `${kind} ${path}`);
  return (
    pathsHold(params, "parameter") &&
    pathsHold(running, "buffer") &&
    pathsHold(
      mapNorms(running, (of) => of),
      "buffer",
    )
  );
}

export const parametersRow: Row = hostRow(
  "identity/regnet-parameters",
  "4, 8, 12 and 16GF have the widths, depths and numbers of parameters printed; 16GF has the printed tensors",
  () => {
    const teacher = printed["regnety-16gf"];
    return Object.entries(printed).every(sizesHold) && teacher !== undefined && teacherHolds(teacher) && roundingsHold() && pathsAreNames()
      ? 0
      : Infinity;
  },
);
