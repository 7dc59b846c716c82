/** What a RegNetY is trained for: it normalises by the batch's statistics, which also update the running statistics (deit.md 8.2). */
import type { BatchStats } from "../../teacher/batchNorm.ts";
import type { RegnetConfig } from "../../teacher/config.ts";
import type { RegnetNorms } from "../../teacher/norms.ts";
import { regnetTrain, type RegnetParams, type RegnetSaved } from "../../teacher/regnet.ts";
import { moveRunning } from "../../teacher/runningStatistics.ts";
import { classifierTask } from "../step/classifierTask.ts";
import type { Task } from "../step/task.ts";
import { regnetAttrs, type RegnetBuffers } from "./network.ts";

/** The batch statistics of all its norms. */
export type RegnetStatistics = RegnetNorms<BatchStats>;

/** The task of a RegNetY. */
export function regnetTask(config: RegnetConfig): Task<RegnetParams, RegnetBuffers, RegnetStatistics> {
  return classifierTask<RegnetParams, RegnetBuffers, RegnetStatistics, RegnetSaved>({
    forward: (k, { buffers, ...inputs }) => {
      const { out, saved } = regnetTrain.forward(k, inputs, regnetAttrs(config, buffers));
      return { logits: out.logits, statistics: out.stats.constant, saved };
    },
    vjp: (k, saved, logits) => regnetTrain.vjp(k, saved, { logits, stats: null }).params,
    moveOn: moveRunning,
  });
}
