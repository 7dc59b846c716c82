/** Exercises of the chapter on initial weights and regularisers. */
import { deitConfig, dropPathRates, parameterCount, residual } from "deit";
import { hostArray, type Arrays } from "deit/check";
import { exampleOf } from "../example.ts";
import type { Exercise } from "../exercise.ts";
import { integer, number } from "./arbitraries.ts";

const zeros = hostArray([3, 2], [0, 0, 0, 0, 0, 0]);
const multiplier = hostArray([3], [0, 1.25, 1.25]);

const at = (inputs: Arrays, name: string): number => inputs[name]?.data[0] ?? NaN;

export const initialisation: readonly Exercise[] = [
  {
    id: "initialisation/rates",
    kind: "values",
    inputs: { rMax: number(0, 0.5, 0.05), L: integer(1, 12) },
    right: (inputs) => {
      const rates = dropPathRates(at(inputs, "rMax"), at(inputs, "L"));
      return hostArray([rates.length], rates);
    },
  },
  {
    id: "initialisation/residual",
    kind: "gradient",
    example: exampleOf(residual, {
      inputs: { x: zeros, branch: zeros },
      attrs: (k) => ({ multiplier: k.upload(multiplier.shape, multiplier.data) }),
    }),
    names: { x: "x", branch: "branch" },
    constants: { multiplier },
  },
  {
    id: "initialisation/parameters",
    kind: "values",
    inputs: { D: integer(1, 64), L: integer(1, 12), g: integer(1, 14), p: integer(1, 16), K: integer(2, 100), distilled: integer(0, 1) },
    right: (inputs) => {
      const [patchSize, g] = [at(inputs, "p"), at(inputs, "g")];
      const sizes = {
        width: at(inputs, "D"),
        heads: 1,
        depth: at(inputs, "L"),
        patchSize,
        imageSize: g * patchSize,
        classes: at(inputs, "K"),
      };
      const config = deitConfig(at(inputs, "distilled") === 1 ? "deit-tiny-distilled" : "deit-tiny", sizes);
      return hostArray([], [parameterCount(config)]);
    },
  },
];
