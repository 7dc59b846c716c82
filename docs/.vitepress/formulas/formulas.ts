/** Every numbered formula of docs/deit.md in TeX. */
import { elsewhere } from "./elsewhere.ts";
import { gradients } from "./gradients.ts";
import { initialisation } from "./initialisation.ts";
import { network } from "./network.ts";
import { optimiser } from "./optimiser.ts";

export const formulas: Readonly<Record<string, string>> = { ...elsewhere, ...network, ...gradients, ...initialisation, ...optimiser };
