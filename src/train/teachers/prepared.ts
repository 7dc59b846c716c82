/** A teacher of a recipe that has been checked, before it is trained or put on the engine. Types only. */
import type { Kernels } from "../../kernels/kernels.ts";
import type { RunSettings } from "../run/loop.ts";
import type { At } from "../run/training.ts";
import type { Progress } from "../run/progress.ts";
import type { Memory } from "../step/deitTask.ts";
import type { View } from "./images.ts";
import type { Predict, Teacher } from "./teacher.ts";

/** How a teacher is made. */
export interface MakeOptions extends Omit<RunSettings, "onProgress"> {
  /** The progress of its training, if it is trained; `part` says of what, where it is a run of its own. */
  readonly onProgress: ((progress: Progress, part: string | null) => void) | null;
  /** Called at the end of each epoch of its training but the last. */
  readonly onEpoch: (at: At) => Promise<void>;
  /** How a DeiT's training uses memory. */
  readonly memory: Memory;
}

/** A teacher that is about to be made. */
export interface PreparedTeacher {
  /** For messages and the report. */
  readonly name: string;
  /** The images that it takes. */
  readonly view: View;
  /** The largest batch of its own training; 0: it is not trained here. */
  readonly batch: number;
  /** Images of a batch in which its accuracy is measured. */
  readonly measured: number;
  /** What identifies it in the digest of the student's training: plain data. */
  readonly identity: unknown;
  /** On shapes alone: its training on at most n images, and its tensors, which stay. Returns its logits. */
  readonly onShapes: (k: Kernels, n: number, memory: Memory) => Predict;
  /** Trains it or puts it on the engine; its logits are those of images as it takes them. null: the training was stopped. */
  readonly make: (options: MakeOptions) => Promise<Pick<Teacher, "logits" | "release"> | null>;
  /** Closes what its training would have read. */
  readonly close: () => Promise<void>;
}
