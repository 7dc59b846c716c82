/**
 * Writes checkpoints beside the training: a thread hashes, writes, forces to the disk and reads back, while the training goes on. One save at a
 * time: the next waits, so that no more than one state lies in memory beside the training's own.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Writable } from "../safetensors/safetensors.ts";
import { CheckpointError } from "./about.ts";
import { notWritten, type NewCheckpoint } from "./save.ts";
import type { SaveMessage } from "./worker.ts";

/** Writes the checkpoints of a training. */
export interface CheckpointWriter {
  /**
   * Hands a checkpoint over and returns; if an earlier save is still going on, it first waits for its end. The numbers' buffers are moved to the
   * thread, so the caller must not use them afterwards.
   *
   * @throws CheckpointError if the earlier save has failed
   */
  readonly save: (checkpoint: NewCheckpoint) => Promise<void>;
  /** Waits for the save that is going on. @throws CheckpointError if it has failed */
  readonly flush: () => Promise<void>;
  /** Whether a save is going on. */
  readonly busy: () => boolean;
  /** Waits for the save that is going on, whose failure only `flush` reports, and ends the thread. */
  readonly close: () => Promise<void>;
}

/** The program of the thread, seen from src/ and from dist/. */
const PROGRAM = new URL("../../../dist/io/checkpoint/worker.js", import.meta.url);

/** A tensor with a buffer of its own, which can be moved to another thread. */
function movable<T extends Writable>(tensor: T): T {
  const { buffer, byteLength } = tensor.data;
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? tensor : { ...tensor, data: tensor.data.slice() };
}

/** Sends a checkpoint to the thread, without a copy of its numbers. */
function post(worker: Worker, { tensors, ...rest }: NewCheckpoint): void {
  const moved = new Map([...tensors].map(([name, tensor]) => [name, movable(tensor)]));
  const buffers = new Set([...moved.values()].map(({ data }) => data.buffer).filter((buffer) => buffer instanceof ArrayBuffer));
  worker.postMessage({ ...rest, tensors: moved }, [...buffers]);
}

/** Resolves when the thread has written what it was sent. @throws CheckpointError */
async function ended(worker: Worker, directory: string, step: number): Promise<void> {
  const [message]: readonly SaveMessage[] = await once(worker, "message").catch(async (error: unknown) => {
    throw await notWritten(directory, step, `its thread ended: ${error instanceof Error ? error.message : String(error)}`);
  });
  if (message?.kind === "failed") throw new CheckpointError(message.message);
}

/** A writer into a folder. The folder and the thread are made with the first checkpoint. */
export function openCheckpointWriter(directory: string): CheckpointWriter {
  let worker: Worker | null = null;
  let saving: Promise<void> | null = null;
  let going = false;
  const end = async (): Promise<void> => {
    await worker?.terminate();
    worker = null;
  };
  const flush = async (): Promise<void> => {
    const save = saving;
    saving = null;
    await save;
  };
  const save = async (checkpoint: NewCheckpoint): Promise<void> => {
    worker ??= new Worker(PROGRAM, { workerData: directory }).on("error", () => undefined); // `ended` reports it
    try {
      post(worker, checkpoint);
      await ended(worker, directory, checkpoint.step);
    } catch (error) {
      await end(); // it may be dead
      throw error;
    } finally {
      going = false;
    }
  };
  return {
    save: async (checkpoint) => {
      await flush();
      going = true;
      saving = save(checkpoint);
      saving.catch(() => undefined); // whoever waits for it next gets the error
    },
    flush,
    busy: () => going,
    close: async () => {
      await flush().catch(() => undefined);
      await end();
    },
  };
}
