/** Every disputed choice, by the name that the chapter gives to `<Choice>`. */
import type { Choice } from "./choice.ts";
import { losses } from "./losses.ts";
import { network } from "./network.ts";
import { training } from "./training.ts";

export const choices: Readonly<Record<string, Choice>> = { ...losses, ...network, ...training };
