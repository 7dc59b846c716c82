/** Every example of the reading path, by the name that a chapter gives to `<Try>`. */
import type { Example } from "./example.ts";
import { augmentation } from "./examples/augmentation.ts";
import { choices } from "./examples/choices.ts";
import { feedForward } from "./examples/feedForward.ts";
import { resolution } from "./examples/resolution.ts";

export const examples: Readonly<Record<string, Example>> = { ...feedForward, ...augmentation, ...resolution, ...choices };
