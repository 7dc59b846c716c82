/** Every example of the reading path, by the name that a chapter gives to `<Try>`. */
import type { Example } from "./example.ts";
import { feedForward } from "./examples/feedForward.ts";
import { gradients } from "./examples/gradients.ts";
import { initialisation } from "./examples/initialisation.ts";

export const examples: Readonly<Record<string, Example>> = { ...feedForward, ...gradients, ...initialisation };
