/** Every numbered formula of docs/deit.md in TeX. */
import { gradients } from "./gradients.ts";
import { network } from "./network.ts";

export const formulas: Readonly<Record<string, string>> = { ...network, ...gradients };
