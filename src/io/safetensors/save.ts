/** Safetensors on their way to the disk. */
import { writeDurably } from "../disk/durable.ts";
import { safetensorsPieces, type Planned, type TensorOf } from "./write.ts";

/**
 * Writes a file of any size, durably: the file is whole or not there, and on failure nothing is left behind.
 *
 * @throws RangeError as `safetensorsPieces`; Error of node:fs; what `tensorOf` throws
 */
export const saveSafetensors = <P extends Planned>(
  path: string,
  tensors: ReadonlyMap<string, P>,
  tensorOf: TensorOf<P>,
  metadata?: ReadonlyMap<string, string>,
): Promise<void> => writeDurably(path, safetensorsPieces(tensors, tensorOf, metadata));
