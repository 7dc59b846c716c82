/**
 * The wire format of protocol buffers, as far as ONNX needs it: a message is a sequence of fields, each a number with a value.
 *
 * A file is written in pieces of known length, whose bytes are made when they are written. So at most one converted weight is in memory in
 * addition to the file and the weights themselves.
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** Thrown for a model that cannot be written as ONNX. */
export class OnnxError extends Error {
  override readonly name = "OnnxError";
}

/** A piece of a file, whose bytes are made on demand. */
export interface Piece {
  /** Its length, in bytes. */
  readonly length: number;
  readonly bytes: () => Uint8Array;
}

/** A message's fields, with their tags and lengths. */
export type Message = readonly Piece[];

/** Readers of protocol buffers hold lengths in signed 32-bit integers. */
const LONGEST = 2 ** 31 - 1;

function checkedLength(message: Message): number {
  const length = message.reduce((sum, piece) => sum + piece.length, 0);
  if (length > LONGEST)
    throw new OnnxError(`onnx: the model is larger than ${LONGEST} bytes, the most that a file of this format can hold`);
  return length;
}

function piece(write: (writer: BinaryWriter) => BinaryWriter): Piece {
  const bytes = write(new BinaryWriter()).finish();
  return { length: bytes.length, bytes: () => bytes };
}

export const integer = (field: number, value: number): Piece => piece((to) => to.tag(field, WireType.Varint).int64(value));

/** A real number, rounded to f32. */
export const float = (field: number, value: number): Piece => piece((to) => to.tag(field, WireType.Bit32).float(value));

export const text = (field: number, value: string): Piece => piece((to) => to.tag(field, WireType.LengthDelimited).string(value));

/** A field whose value is a message, or bytes. */
export function nested(field: number, message: Message): Message {
  const length = checkedLength(message);
  return [piece((to) => to.tag(field, WireType.LengthDelimited).uint32(length)), ...message];
}

/**
 * The bytes of a whole message.
 *
 * @throws OnnxError if the format cannot hold it, before any bytes are made
 */
export function encoded(message: Message): Uint8Array {
  const file = new Uint8Array(checkedLength(message));
  let offset = 0;
  for (const { length, bytes } of message) {
    file.set(bytes(), offset);
    offset += length;
  }
  return file;
}
