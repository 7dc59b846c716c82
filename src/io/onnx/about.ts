/** Reads the metadata of an ONNX file, by which this project's files say what images they take. Nothing else of the file is read. */
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { OnnxError } from "./wire.ts";

/** Fields of ModelProto and of StringStringEntryProto. */
const METADATA = 14;
const [KEY, VALUE] = [1, 2];

/** One entry. */
function entryOf(bytes: Uint8Array): readonly [string, string] {
  const reader = new BinaryReader(bytes);
  let [key, value] = ["", ""];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === KEY) key = reader.string();
    else if (field === VALUE) value = reader.string();
    else reader.skip(type, field);
  }
  return [key, value];
}

/**
 * The metadata of a model, by key.
 *
 * @throws OnnxError for bytes that are no message of protocol buffers
 */
export function onnxMetadata(bytes: Uint8Array): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  try {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      if (field === METADATA) entries.set(...entryOf(reader.bytes()));
      else reader.skip(type, field);
    }
  } catch (error) {
    throw new OnnxError(`onnx: the file is no ONNX model: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  return entries;
}
