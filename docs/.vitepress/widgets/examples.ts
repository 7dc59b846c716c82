/** Every example of the reading path, by the name that a chapter gives to `<Try>`. */
import type { Example } from "./example.ts";
import { attention } from "./examples/attention.ts";
import { feedForward } from "./examples/feedForward.ts";
import { patches } from "./examples/patches.ts";
import { tokens } from "./examples/tokens.ts";

export const examples: Readonly<Record<string, Example>> = { ...patches, ...tokens, ...attention, ...feedForward };
