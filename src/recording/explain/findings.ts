/** Collects hints for a person on why a tensor is wrong, with or without a variant that explains it. */
import type { Inquiry } from "./candidates.ts";
import { combinationHint, type Ingredient } from "./combinations.ts";
import { weightOf } from "../steps/networkInputs.ts";
import { factorsOf } from "./factors.ts";
import { factorText, hintsOf, multipleOf } from "./hints.ts";
import { rightHypothesis } from "../steps/hypothesis.ts";
import { judge } from "../judge.ts";
import { resultOf, type Recording } from "../format/read.ts";
import { isForward } from "../steps/readings.ts";
import { isTiny } from "../steps/compute.ts";
import type { State } from "./state.ts";
import { parameterShapes } from "../../model/params.ts";
import { blockOf } from "../steps/steps.ts";
import { weightHints } from "./weightHints.ts";
import { computeEndToEnd } from "../steps/endToEnd.ts";

/** Hints on the map that fixtures/record.py reads, for variants that a wrong line of that map causes. */
const MAP_HINTS: { readonly [variant: string]: string } = {
  "logits-of-class-head":
    'if the module returns the pair (class, distillation), its logits are no fusion: leave "logits" out of the map, and write "head": "[0]" and "head_dist": "[1]"',
};

/** Whether another tensor is close to the wrong one: of the same kind, and from its block, the block before, or outside the blocks. */
function nearby(name: string, other: string): boolean {
  const [kind, tap] = [name.slice(0, name.indexOf("/")), name.slice(name.indexOf("/") + 1)];
  if (other === name || !other.startsWith(`${kind}/`)) return false;
  const of = other.slice(other.indexOf("/") + 1);
  const i = Number(tap.split(".")[1]);
  return !tap.startsWith("blocks.") || !of.startsWith("blocks.") || blockOf(of) === blockOf(tap) || of === `blocks.${i - 1}`;
}

/** The tensors of which a wrong one may be a combination. */
function ingredientsOf(recording: Recording, name: string): readonly Ingredient[] {
  const { model } = recording.configuration;
  const names = [...recording.results.keys()].filter((other) => nearby(name, other));
  const recorded = names.map((other) => ({ name: other, array: resultOf(recording, other) }));
  const parameter = /^(grads|after\/\d+)\/(.*)$/.exec(name)?.[2];
  const shape = parameter === undefined ? undefined : parameterShapes(model).get(parameter);
  return parameter === undefined || shape === undefined
    ? recorded
    : [...recorded, { name: `weights/${parameter}`, array: weightOf(recording, parameter, shape) }];
}

/** Hints on the factors of a wrong loss, from its gradient: `cotangents/head is 3 times the right ones (τ)`. */
async function lossFactors(recording: Recording, { prediction }: State): Promise<readonly string[]> {
  const hints: string[] = [];
  for (const tap of ["logits", "head", "head_dist"]) {
    const name = `cotangents/${tap}`;
    if (!recording.results.has(name) || !prediction.originOf(name).local) continue;
    const c = multipleOf(resultOf(recording, name), await prediction.value(name));
    if (c === null || Math.abs(c - 1) < 1e-6) continue;
    hints.push(`${name} is ${factorText(c, factorsOf(recording)).text}`);
  }
  return hints;
}

/** A hint if another number of heads reproduces the recorded values, from the images on. */
async function headsHint({ engine, recording }: Inquiry, name: string): Promise<readonly string[]> {
  const { configuration } = recording;
  const { width, heads } = configuration.model;
  if (!isForward(name) || !isTiny(recording)) return [];
  for (let h = 1; h <= width; h++) {
    if (h === heads || width % h !== 0) continue;
    const other: Recording = { ...recording, configuration: { ...configuration, model: { ...configuration.model, heads: h } } };
    const value = (await computeEndToEnd(engine, other, rightHypothesis(other).steps, [name])).get(name);
    if (value === undefined) continue;
    const { error, tolerance } = judge(recording, name, value, engine.precision);
    if (error <= tolerance.bound)
      return [`with ${h} heads the recorded values are right: the file says ${heads}; record.py takes --heads ${h}`];
  }
  return [];
}

/**
 * Hints on one wrong tensor.
 *
 * @param variant the name of the variant that explains the tensor, if one does
 */
export async function hintsFor(inquiry: Inquiry, state: State, name: string, variant: string | null = null): Promise<readonly string[]> {
  const { engine, recording } = inquiry;
  if (variant !== null) return [MAP_HINTS[variant] ?? []].flat();
  const { readings, value, originOf } = state.prediction;
  const [recorded, right] = [resultOf(recording, name), await value(name)];
  const reading = readings.get(name);
  const combination = combinationHint(recorded, right, ingredientsOf(recording, name));
  return [
    ...(originOf(name).local ? [] : await headsHint(inquiry, name)),
    ...(reading === undefined ? [] : await weightHints(engine, recording, reading)),
    ...(name === "loss" ? await lossFactors(recording, state) : []),
    ...hintsOf(recorded, right, factorsOf(recording)),
    ...(combination === null ? [] : [combination]),
  ];
}
