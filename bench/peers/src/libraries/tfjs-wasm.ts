/** tfjs on its wasm backend, with its own matrix multiplications and gradients. */
import type { Library } from "../library.ts";
import { forwardOf } from "../tfjs/forward.ts";
import { product } from "../tfjs/gemm.ts";
import { tfjsVersion } from "../tfjs/start.ts";
import { trainOf } from "../tfjs/train.ts";

export const library: Library = { version: tfjsVersion, forward: forwardOf(product), train: trainOf(product) };
