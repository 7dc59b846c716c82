/** tfjs on its wasm backend, with its own batched products and its own gradients of products. */
import { matMul } from "@tensorflow/tfjs";
import type { Library } from "../library.ts";
import { forwardOf } from "../tfjs/forward.ts";
import { tfjsVersion } from "../tfjs/start.ts";
import { trainOf } from "../tfjs/train.ts";

const product = (a: Parameters<typeof matMul>[0], b: Parameters<typeof matMul>[1]): ReturnType<typeof matMul> => matMul(a, b);

export const library: Library = { version: tfjsVersion, forward: forwardOf(product), train: trainOf(product) };
