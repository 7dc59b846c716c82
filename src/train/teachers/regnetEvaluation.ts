/** Evaluates a RegNetY by itself, as `evaluate` does a DeiT: how many images it takes at once, and its accuracy. */
import type { Batches } from "../../data/loader/batch.ts";
import type { Engine } from "../../kernels/engine.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import type { RegnetConfig } from "../../teacher/config.ts";
import { scoredByLogits } from "../evaluation/accuracy.ts";
import { checkFits, heldBatch, type BatchProgram } from "../evaluation/capacity.ts";
import { busyBatch, type Evaluation } from "../evaluation/evaluate.ts";
import { accuracyOf } from "./measure.ts";
import { onShapes, uploaded, type Network } from "./network.ts";
import { within } from "./teacher.ts";

/** A RegNetY on the host, and the images that it is evaluated on. */
export interface RegnetAtSize {
  readonly config: RegnetConfig;
  readonly network: Network;
  /** S, in pixels. */
  readonly side: number;
}

/** A RegNetY on an engine. */
export interface EvaluableRegnet {
  /** Images of a forward pass. Only the rounding of the mean loss depends on it. */
  readonly batch: number;
  /** Frees everything but the network. */
  readonly evaluate: (batches: Batches) => Promise<Evaluation>;
  readonly release: () => void;
}

/** The numbers of the widest layer for one image: of the stem, or of the first unit of a stage, which comes before the stage halves the sides. */
function widestLayer({ stem, widths }: RegnetConfig, S: number): number {
  const area = (halvings: number): number => Math.ceil(S / 2 ** halvings) ** 2;
  return Math.max(stem * area(1), ...widths.map((width, i) => width * area(i + 1)));
}

/** Scores on shapes alone of n images, and of n − 1, for a smaller last batch; the network included. */
const scoresBy =
  ({ config: { channels, classes }, network, side }: RegnetAtSize): BatchProgram<null> =>
  (k: Kernels, _, n) => {
    const predict = within(onShapes(k, network).predict);
    for (const size of [n, Math.max(1, n - 1)])
      k.region("evaluate", () => {
        scoredByLogits(k, predict(k, k.zeros([size, channels, side, side])), k.oneHot(k.zeros([size]), classes));
        return null;
      });
  };

/** Checks that an engine can hold a RegNetY and what it computes for one image. @throws MemoryError that names the image size */
export const checkRegnetFits = (engine: Engine, of: RegnetAtSize): void =>
  checkFits(engine, `${engine.name}: an image of ${of.side}×${of.side}`, (k) => scoresBy(of)(k, null, 1));

/** Puts a RegNetY on an engine. @throws MemoryError if the engine cannot hold what one image takes */
export async function evaluableRegnet(engine: Engine, of: RegnetAtSize): Promise<EvaluableRegnet> {
  const { config, network, side } = of;
  const batch = await heldBatch(engine, null, scoresBy(of), busyBatch(engine, widestLayer(config, side)));
  const { tensors, predict } = uploaded(engine.kernels, network);
  return {
    batch,
    evaluate: async (batches) => ({
      ...(await accuracyOf(engine, { logits: within(predict) }, config.classes, batches)),
      disagreement: null,
    }),
    release: () => engine.release(tensors),
  };
}
