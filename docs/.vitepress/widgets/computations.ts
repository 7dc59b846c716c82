/** Every computation of the reading path, by the name that a chapter gives to `<Compute>`. */
import type { Computation } from "./computation.ts";
import { initialisation } from "./computations/initialisation.ts";
import { optimiser } from "./computations/optimiser.ts";

export const computations: Readonly<Record<string, Computation>> = { ...initialisation, ...optimiser };
