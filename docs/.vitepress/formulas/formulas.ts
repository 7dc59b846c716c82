/** Every numbered formula of docs/deit.md in TeX. */
import { attention } from "./attention.ts";
import { feedForward } from "./feedForward.ts";
import { patches } from "./patches.ts";
import { tokens } from "./tokens.ts";

export const formulas: Readonly<Record<string, string>> = { ...patches, ...tokens, ...attention, ...feedForward };
