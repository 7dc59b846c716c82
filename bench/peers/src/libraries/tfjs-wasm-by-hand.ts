/** tfjs on its wasm backend, with every matrix multiplication rewritten for its fast path: what the library could reach. */
import type { Library } from "../library.ts";
import { forwardOf } from "../tfjs/forward.ts";
import { productByHand } from "../tfjs/gemm.ts";
import { tfjsVersion } from "../tfjs/start.ts";
import { trainOf } from "../tfjs/train.ts";

export const library: Library = { version: tfjsVersion, forward: forwardOf(productByHand), train: trainOf(productByHand) };
