/** Options of commands that take a model with its weights. */
import { Option, type Command } from "commander";
import { positive } from "../options.ts";

/** The help of arguments that take weights. */
export const WEIGHTS = "a run's folder, a file of weights (.safetensors, .npz, .pth), or hash:SEED with --model";

const SIDE =
  "side of the images in pixels (default: the model's); a file's position embedding is resized, weights from a hash are generated for it";

/** One size of the images. */
const sideOption = (): Option => new Option("--image-size <s>", SIDE).argParser(positive);

const EMA = "take the moving average of the weights: that of a run (weights-ema.safetensors), or model_ema of a training checkpoint (.pth)";

/** @param side the option for the size of the images */
export const withWeights = (command: Command, side: Option = sideOption()): Command =>
  command
    .addOption(new Option("--model <model>", "the model of hash:SEED"))
    .addOption(new Option("--heads <h>", "attention heads, for a file that does not say (default: width/64)").argParser(positive))
    .addOption(side)
    .option("--ema", EMA);
