/** Every numbered formula of docs/deit.md in TeX. */
import { augmentation } from "./augmentation.ts";
import { gradients } from "./gradients.ts";
import { network } from "./network.ts";
import { resolution } from "./resolution.ts";

export const formulas: Readonly<Record<string, string>> = { ...network, ...gradients, ...augmentation, ...resolution };
