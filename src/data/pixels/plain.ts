/** The loops over pixels as plain definitions in TypeScript: what the SIMD kernels must equal in every byte, and what runs without them. */
import { affine } from "./affine.ts";
import { blend } from "./blend.ts";
import { flip } from "./flip.ts";
import { grey } from "./grey.ts";
import { histogram } from "./histogram.ts";
import type { PixelKernels } from "./kernels.ts";
import { lookUp } from "./lookUp.ts";
import { planes } from "./planes.ts";
import { resizeCrop } from "./resize.ts";
import { smooth } from "./smooth.ts";

/** The plain definitions. */
export const plainKernels: PixelKernels = { resize: resizeCrop, affine, lookUp, blend, grey, smooth, histogram, flip, planes };
