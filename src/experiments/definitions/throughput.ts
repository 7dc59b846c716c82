/** Table 5 and Figure 1: throughput against accuracy. Throughputs are measured here; accuracies are the paper's, as nothing is trained. */
import type { Claim, Experiment, Line, Measurement, Quantity } from "../experiment.ts";
import { equal, more } from "../terms.ts";

/** The paper's models: images a second on one V100 (fp32), and top-1 on ImageNet in percent. */
const models = [
  { name: "DeiT-Ti", model: "deit-tiny", speed: 2536.5, top1: 72.2 },
  { name: "DeiT-S", model: "deit-small", speed: 940.4, top1: 79.8 },
  { name: "DeiT-B", model: "deit-base", speed: 292.3, top1: 81.8 },
] as const;
const distilled = [
  { name: "DeiT-Ti⚗", model: "deit-tiny-distilled", speed: 2529.5, top1: 74.5 },
  { name: "DeiT-S⚗", model: "deit-small-distilled", speed: 936.2, top1: 81.2 },
  { name: "DeiT-B⚗", model: "deit-base-distilled", speed: 290.9, top1: 83.4 },
] as const;
type Model = (typeof models)[number] | (typeof distilled)[number];

/** Other rows of Table 5. */
const quoted = {
  ResNet: [
    ["18", 4458.4, 69.8],
    ["50", 1226.1, 76.2],
    ["101", 753.6, 77.4],
    ["152", 526.4, 78.3],
  ],
  RegNetY: [
    ["4GF", 1156.7, 80.0],
    ["8GF", 591.6, 81.7],
    ["16GF", 334.7, 82.9],
  ],
  EfficientNet: [
    ["B0", 2694.3, 77.1],
    ["B1", 1662.5, 79.1],
    ["B2", 1255.7, 80.1],
    ["B3", 732.1, 81.6],
    ["B4", 349.4, 82.9],
    ["B5", 169.1, 83.6],
    ["B6", 96.9, 84.0],
    ["B7", 55.1, 84.3],
  ],
} as const;

/** An engine on this machine, how it is chosen, and of which models it is measured. */
interface On {
  readonly name: string;
  readonly options: readonly string[];
  readonly models: readonly Model[];
}
const wasm: On = { name: "wasm", options: ["--engine", "wasm", "--threads", "1"], models: [...models, ...distilled] };
const reference: On = { name: "reference", options: ["--engine", "reference", "--repetitions", "1"], models };
const webgpu: On = { name: "webgpu", options: ["--engine", "webgpu", "--adapter", "swiftshader", "--repetitions", "1"], models };
const engines = [wasm, reference, webgpu];

const speed = (on: On, { name }: Model): string => `${name}, ${on.name}`;
const measurement = (on: On, { model }: Model): string => `${on.name}-${model}`;

const measurements = engines.flatMap((on) =>
  on.models.map((one): Measurement => ({
    name: measurement(on, one),
    command: ["bench", "forward", "--model", one.model, ...on.options],
  })),
);
const quantities = engines.flatMap((on) =>
  on.models.map((one): Quantity => ({
    name: speed(on, one),
    of: measurement(on, one),
    value: "imagesPerSecond",
    unit: "images/s",
    paper: one.speed,
  })),
);

const [tiny, small, base] = models;
/** How far two runs of one measurement differ: the deviation of the logarithm of their ratio. */
const DEVIATION = 0.1;

const faster = (text: string, one: string, other: string, ratio: number): Claim => more(text, one, other, Math.log(ratio));

const sizes = engines.flatMap((on) => [
  faster(`On ${on.name}, DeiT-Ti is faster than DeiT-S.`, speed(on, tiny), speed(on, small), tiny.speed / small.speed),
  faster(`On ${on.name}, DeiT-S is faster than DeiT-B.`, speed(on, small), speed(on, base), small.speed / base.speed),
]);
const tokens = models.map((model, i): Claim => {
  const other = distilled[i] ?? model;
  return equal(
    `On wasm, the distillation token costs ${model.name} next to nothing.`,
    speed(wasm, model),
    speed(wasm, other),
    Math.log(1.1),
  );
});

const ours = (on: On): Line => ({
  name: `${on.name}, here`,
  from: "ours",
  joined: true,
  points: models.map((model) => ({ x: speed(on, model), y: model.top1, label: null })),
});
const theirs = (name: string, points: readonly (readonly [label: string, speed: number, top1: number])[]): Line => ({
  name: `${name}, V100`,
  from: "paper",
  joined: true,
  points: points.map(([label, x, y]) => ({ x, y, label })),
});
const listed = (some: readonly Model[]): readonly (readonly [string, number, number])[] =>
  some.map(({ name, speed: x, top1 }) => [name.replace("DeiT-", ""), x, top1]);

export const throughput: Experiment = {
  name: "throughput",
  title: "Throughput against accuracy",
  question: "How fast are the three sizes on each engine here, and do their ratios resemble the paper’s on a GPU?",
  source: "Table 5 and Figure 1",
  paper:
    "one V100 with 16 GB, fp32, the largest batch that fits; here one image at a time, WebGPU on SwiftShader, which emulates a GPU on the CPU",
  arms: [],
  measurements,
  alone: true,
  quantities,
  claims: [...sizes, ...tokens],
  figures: [
    {
      title: "Top-1 on ImageNet, quoted from the paper, over images a second: here, and the paper’s on a V100",
      x: { label: "images/s", scale: "log" },
      y: { label: "top-1 on ImageNet, %", scale: "linear" },
      lines: [
        ...engines.map(ours),
        theirs("DeiT", listed(models)),
        theirs("DeiT⚗", listed(distilled)),
        ...Object.entries(quoted).map(([name, points]) => theirs(name, points)),
      ],
    },
  ],
  settings: {
    synthetic: {
      recipe: null,
      seeds: 3,
      deviation: DEVIATION,
      because: "two measurements of the same speed on a machine that others use differ by up to a tenth",
      minutes: 20,
    },
  },
};
