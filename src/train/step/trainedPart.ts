/**
 * Which parameters of a DeiT a training changes: all of them, or those of its heads alone (linear probing). Those that are not trained are the buffers of
 * the task, which no step changes: no gradient, optimiser state, weight decay or moving average exists for them.
 */
import type { BackboneParams, DeitParams } from "../../model/deit.ts";
import type { HeadsParams } from "../../model/heads.ts";
import { deitTaskWithin, headsTask, type Memory, type NetworkTaskSettings } from "./deitTask.ts";
import type { Task } from "./task.ts";

/** Which parameters are trained. */
export type TrainedName = "all" | "heads";

/** The parameters of a DeiT, divided. */
interface Divided<Params, Buffers> {
  /** Those that are trained. */
  readonly params: Params;
  /** The others; null: there are none. */
  readonly buffers: Buffers;
}

/** A part of a DeiT that is trained. */
export interface TrainedPart<Params, Buffers> {
  /** The task of that part. */
  readonly taskWithin: (memory: Memory, settings: NetworkTaskSettings) => Task<Params, Buffers, null>;
  /** Divides the parameters. */
  readonly divided: (all: DeitParams) => Divided<Params, Buffers>;
  /** The reverse. */
  readonly all: (divided: Divided<Params, Buffers>) => DeitParams;
}

const everything: TrainedPart<DeitParams, null> = {
  taskWithin: deitTaskWithin,
  divided: (params) => ({ params, buffers: null }),
  all: ({ params }) => params,
};

/** Nothing is saved for a backward pass through the blocks, so there is only one use of memory. */
const headsAlone: TrainedPart<HeadsParams, BackboneParams> = {
  taskWithin: (_, settings) => headsTask(settings),
  divided: ({ head, head_dist, ...buffers }) => ({ params: { head, head_dist }, buffers }),
  all: ({ params, buffers }) => ({ ...buffers, ...params }),
};

/** What `use` makes of the part of that name. */
export const withTrained = <R>(name: TrainedName, use: <Params, Buffers>(part: TrainedPart<Params, Buffers>) => R): R =>
  name === "heads" ? use(headsAlone) : use(everything);
