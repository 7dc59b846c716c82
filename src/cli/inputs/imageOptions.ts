/** Options of commands that read image files. */
import { Option, type Command } from "commander";
import { conventions, type Convention } from "../../data/images/preprocess.ts";

/** How images are preprocessed. */
export interface ImageOptions {
  readonly imageSize?: number;
  readonly convention: Convention;
}

const SIDES = "shorter side to S/0.875, S/0.9 or S, or both sides to S/0.875";

export const withConvention = (command: Command): Command =>
  command.addOption(
    new Option("--convention <name>", `how images are resized before the centre is cropped: ${SIDES}`).choices(conventions).default("deit"),
  );
