/** Saves a recording to disk. This is not in `write.ts` because browsers load that file, and they have no disk. */
import { saveSafetensors } from "../../io/safetensors/save.ts";
import type { Recording } from "./read.ts";
import { planOf, storedOf } from "./write.ts";

/**
 * Writes the bytes of `writeRecording` to a file, tensor by tensor: each is read only when it is written. Either the whole file appears, or none.
 *
 * @throws RecordingError as `writeRecording`; Error of node:fs
 */
export async function saveRecording(path: string, recording: Recording): Promise<void> {
  const { tensors, metadata } = planOf(recording);
  return saveSafetensors(path, tensors, (name, planned) => storedOf(recording, name, planned), metadata);
}
