/** The program of the thread that writes checkpoints, one after the other. */
import { parentPort, workerData } from "node:worker_threads";
import { saveCheckpoint, type NewCheckpoint } from "./save.ts";

/** How a save ended. */
export type SaveMessage = { readonly kind: "saved" } | { readonly kind: "failed"; readonly message: string };

if (parentPort !== null) {
  const port = parentPort;
  const directory: string = workerData;
  const say = (message: SaveMessage): void => {
    port.postMessage(message); // oxlint-disable-line unicorn/require-post-message-target-origin -- a thread, not a window
  };
  port.on("message", (checkpoint: NewCheckpoint) => {
    saveCheckpoint(directory, checkpoint).then(
      () => say({ kind: "saved" }),
      (error: unknown) => say({ kind: "failed", message: error instanceof Error ? error.message : String(error) }),
    );
  });
}
