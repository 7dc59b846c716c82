/** Writes safetensors files to the disk. */
import { writeDurably } from "../disk/durable.ts";
import { safetensorsPieces, type Planned, type TensorOf } from "./write.ts";

/**
 * Writes a file of any size, durably: it is complete or does not exist, and a failure leaves nothing behind.
 *
 * @throws RangeError as `safetensorsPieces` does; Error of node:fs; whatever `tensorOf` throws
 */
export const saveSafetensors = <P extends Planned>(
  path: string,
  tensors: ReadonlyMap<string, P>,
  tensorOf: TensorOf<P>,
  metadata?: ReadonlyMap<string, string>,
): Promise<void> => writeDurably(path, safetensorsPieces(tensors, tensorOf, metadata));
