/** Signals that end a run: the first one lets it save, a later one does not. */
import { say } from "../output.ts";
import { INTERRUPTED } from "../processes/children.ts";

/** Ctrl-C, the end that a cluster's scheduler asks for, the loss of the terminal. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** One Ctrl-C may arrive twice, from the terminal and from npx; within this time, in ms, it counts once. */
const SAME_MS = 300;

/** Watches for signals. */
export interface Stopping {
  /** Whether the run is to save and stop. */
  readonly stopping: () => boolean;
  /** Leaves signals to Node again. */
  readonly close: () => void;
}

/**
 * Watches for signals until `close`. The first is noted; the next ends this process at once, with the exit status of an interrupted run: a file
 * that is being written is left under its temporary name.
 */
export function watchSignals(): Stopping {
  let first: number | null = null;
  const hear = (): void => {
    const now = performance.now();
    if (first === null) {
      first = now;
      say("\nstopping after this step; again: without saving");
    } else if (now - first > SAME_MS) process.exit(INTERRUPTED);
  };
  for (const signal of SIGNALS) process.on(signal, hear);
  return {
    stopping: () => first !== null,
    close: () => {
      for (const signal of SIGNALS) process.off(signal, hear);
    },
  };
}
