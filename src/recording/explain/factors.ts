/** The factors that programs most often forget or apply twice, with their values in one recording: its sizes and settings. */
import { tokenCount } from "../../model/config.ts";
import type { Factor } from "./hints.ts";
import type { Recording } from "../format/read.ts";

/** A number with its square or its complement, and their inverses; without those that are 0 or 1. */
function around(name: string, value: number, complement: boolean): readonly Factor[] {
  const all: readonly Factor[] = [
    { value, says: name },
    { value: 1 / value, says: `1/${name}` },
    ...(complement
      ? [
          { value: 1 - value, says: `1 − ${name}` },
          { value: 1 / (1 - value), says: `1/(1 − ${name})` },
          { value: value / (1 - value), says: `${name}/(1 − ${name})` },
          { value: (1 - value) / value, says: `(1 − ${name})/${name}` },
        ]
      : [
          { value: value ** 2, says: `${name}²` },
          { value: value ** -2, says: `1/${name}²` },
        ]),
  ];
  return all.filter((factor) => Number.isFinite(factor.value) && factor.value !== 0 && factor.value !== 1);
}

/** The factors that B, K, τ, λ, α and the like of this recording give. */
export function factorsOf({ batch: B, configuration: { model, loss } }: Recording): readonly Factor[] {
  const { classes: K, width: D, heads } = model;
  const distillation = loss?.distillation ?? null;
  return [
    { value: B, says: `the batch, B = ${B}: a sum where a mean is right` },
    { value: 1 / B, says: `1/B with B = ${B}: a mean where a sum is right` },
    ...(distillation?.kind === "soft" ? [...around("τ", distillation.tau, false), ...around("λ", distillation.lambda, true)] : []),
    ...(distillation?.kind === "hard" ? around("α", distillation.alpha, true) : []),
    { value: K, says: `the number of classes, K = ${K}` },
    { value: 1 / K, says: `1/K with K = ${K}` },
    { value: B * tokenCount(model), says: "B·T, batch and tokens: a sum where a mean is right" },
    { value: 1 / (B * tokenCount(model)), says: "1/(B·T), batch and tokens: a mean where a sum is right" },
    { value: Math.sqrt(D / heads), says: "√d, the root of a head's width" },
    { value: Math.sqrt(heads / D), says: "1/√d, the root of a head's width" },
  ].filter(({ value }) => value !== 1);
}
