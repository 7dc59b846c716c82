/** What a model costs: one training step on the abstract engine, observed module by module. */
import { abstractEngine } from "../engines/abstract/engine.ts";
import { costVisitor, type ModuleCost } from "../engines/abstract/summary.ts";
import { fusedKernels } from "../engines/wasm/fused/table.ts";
import type { Engine } from "../kernels/engine.ts";
import type { Kernels } from "../kernels/kernels.ts";
import { tokenCount, type DeitConfig } from "../model/config.ts";
import type { DeitParams } from "../model/deit.ts";
import { buildParams, parameterShapes } from "../model/params.ts";
import { observe } from "../ops/observe.ts";
import type { BatchNormBuffers, BatchStats } from "../teacher/batchNorm.ts";
import type { RegnetConfig } from "../teacher/config.ts";
import type { RegnetNorms } from "../teacher/norms.ts";
import { buildRegnet, regnetShapes } from "../teacher/params.ts";
import type { RegnetParams } from "../teacher/regnet.ts";
import { keyOf } from "../tensor/key.ts";
import { size, type Shape } from "../tensor/tensor.ts";
import { initialOptimizerState, type Optimizer } from "../train/optimizer/optimizer.ts";
import { publishedAdamw, publishedTask } from "../train/step/publishedTask.ts";
import { regnetTask } from "../train/teachers/regnetTask.ts";
import { trainStep } from "../train/step/step.ts";
import type { Task } from "../train/step/task.ts";
import type { NamedModel } from "./inputs/models.ts";

/** A module of the model. */
export interface SummaryRow {
  /** The module's path, with which its parameters' names begin. */
  readonly path: string;
  readonly parameters: number;
  /** Multiply–adds for one image. */
  readonly macs: number;
  readonly shape: Shape;
  readonly savedBytes: number;
}

/** A model's sizes and costs. */
export interface Summary {
  /** The number of trained scalars (E28). */
  readonly parameters: number;
  /** Multiply–adds for one image, of matrix multiplications only (E29). */
  readonly macs: number;
  /** T; null: the model has no tokens. */
  readonly tokens: number | null;
  /** Memory of a training step on the WASM engine in f32, in bytes: weights, moments, gradients and activations. */
  readonly trainBytes: number;
  readonly rows: readonly SummaryRow[];
}

/** The memory of a step does not depend on these values. */
const nesterov: Optimizer = { kind: "sgd", noDecay: "deit", momentum: 0.9, nesterov: true, weightDecay: 1e-4 };

/** A model with what one training step of it needs. */
interface Program<Params, Buffers, Statistics> {
  readonly task: Task<Params, Buffers, Statistics>;
  readonly model: (k: Kernels) => { readonly params: Params; readonly buffers: Buffers };
  readonly optimizer: Optimizer;
  /** K */
  readonly classes: number;
  /** Whether a batch brings the logits of a teacher, which cost nothing here. */
  readonly teacher: boolean;
  /** C, S, S */
  readonly image: Shape;
  /** The shape of each trained parameter. */
  readonly parameters: ReadonlyMap<string, Shape>;
  /** The path of the module that a parameter belongs to. */
  readonly moduleOf: (parameter: string) => string;
}

/** The modules in order, each with its number of parameters. */
function modulesOf<P, B, S>({ parameters, moduleOf }: Program<P, B, S>): ReadonlyMap<string, number> {
  const modules = new Map<string, number>();
  for (const [name, shape] of parameters) modules.set(moduleOf(name), (modules.get(moduleOf(name)) ?? 0) + size(shape));
  return modules;
}

/** Observes one training step; its memory is what the engine reserves. */
function observedStep<P, B, S>(
  engine: Engine,
  program: Program<P, B, S>,
  modules: ReadonlySet<string>,
  batch: number,
): ReadonlyMap<string, ModuleCost> {
  const { task, model, optimizer: settings, image, classes, teacher } = program;
  const k = engine.kernels;
  const { params, buffers } = model(k);
  const optimizer = initialOptimizerState(k, settings, params);
  const { visitor, costs } = costVisitor(engine, modules, [params, buffers]);
  const state = { params, optimizer, buffers, average: null, lossScale: null, step: 0 };
  const ofClasses = [batch, classes];
  const onEngine = { images: k.zeros([batch, ...image]), target: k.zeros(ofClasses), teacher: teacher ? k.zeros(ofClasses) : null };
  trainStep(observe(k, visitor), task, state, onEngine, keyOf(0), { optimizer: settings, lr: 0, clipNorm: null, emaDecay: 0 });
  return costs;
}

function summarised<P, B, S>(program: Program<P, B, S>, tokens: number | null, batch: number): Summary {
  const engine = abstractEngine(fusedKernels(null)); // planned as on the WASM engine
  const modules = modulesOf(program);
  const costs = observedStep(engine, program, new Set(modules.keys()), batch);
  const rows = [...costs].map(([path, { macs, shape, savedBytes }]) => ({
    path,
    parameters: modules.get(path) ?? 0,
    macs: macs / batch,
    shape,
    savedBytes,
  }));
  const sum = (of: (row: SummaryRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
  return { parameters: sum((row) => row.parameters), macs: sum((row) => row.macs), tokens, trainBytes: engine.memory().reserved, rows };
}

/** A distilled model gets the teacher's logits for free. */
function deitProgram(config: DeitConfig): Program<DeitParams, null, null> {
  const { channels, imageSize, classes } = config;
  return {
    task: publishedTask(config, "normal"),
    classes,
    teacher: config.distilled,
    model: (k) => ({ params: buildParams(config, (_, shape) => k.zeros(shape)), buffers: null }),
    optimizer: publishedAdamw,
    image: [channels, imageSize, imageSize],
    parameters: parameterShapes(config),
    moduleOf: (name) => {
      if (/^(cls_token|dist_token|pos_embed)$/.test(name)) return "embed";
      return /^(blocks\.\d+\.\w+|\w+)/.exec(name)?.[0] ?? name;
    },
  };
}

function regnetProgram(
  config: RegnetConfig,
  imageSize: number,
): Program<RegnetParams, RegnetNorms<BatchNormBuffers>, RegnetNorms<BatchStats>> {
  const trained = [...regnetShapes(config)].filter(([, { kind }]) => kind === "parameter");
  return {
    task: regnetTask(config),
    classes: config.classes,
    teacher: false,
    model: (k) => {
      const { params, running } = buildRegnet(config, (_, shape) => k.zeros(shape));
      return { params, buffers: running };
    },
    optimizer: nesterov,
    image: [config.channels, imageSize, imageSize],
    parameters: new Map(trained.map(([name, { shape }]) => [name, shape])),
    moduleOf: (name) => /^(s\d+\.b\d+\.\w+|\w+)/.exec(name)?.[0] ?? name,
  };
}

/** The sizes of a model, and the costs of a training step on `batch` images. */
export function summaryOf(model: NamedModel, batch: number): Summary {
  if (model.kind === "deit") return summarised(deitProgram(model.config), tokenCount(model.config), batch);
  return summarised(regnetProgram(model.config, model.imageSize), null, batch);
}
