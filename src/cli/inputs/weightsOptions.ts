/** Options of commands that take a model with its weights. */
import { Option, type Command } from "commander";
import { positive } from "../options.ts";

/** What WEIGHTS may be. */
export const WEIGHTS = "a run's folder, a file of weights (.safetensors, .npz, .pth), or hash:SEED with --model";

const SIDE =
  "side of the images in pixels, the model's unless given; a file's position embedding is resized, weights from a hash are made for it";

export const withWeights = (command: Command): Command =>
  command
    .addOption(new Option("--model <model>", "for hash:SEED"))
    .addOption(new Option("--heads <h>", "for a file that does not tell: attention heads, else width/64").argParser(positive))
    .addOption(new Option("--image-size <s>", SIDE).argParser(positive));
