/** A recording on its way to the disk; apart from `write.ts`, which browsers load. */
import { saveSafetensors } from "../../io/safetensors/save.ts";
import type { Recording } from "./read.ts";
import { planOf, storedOf } from "./write.ts";

/**
 * Writes the bytes of `writeRecording` to a file, tensor by tensor: each is asked for when its turn has come. The file is whole or not there.
 *
 * @throws RecordingError as `writeRecording`; Error of node:fs
 */
export async function saveRecording(path: string, recording: Recording): Promise<void> {
  const { tensors, metadata } = planOf(recording);
  return saveSafetensors(path, tensors, (name, planned) => storedOf(recording, name, planned), metadata);
}
