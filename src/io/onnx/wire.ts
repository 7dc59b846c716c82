/**
 * The wire format of protocol buffers, as far as ONNX needs it: a message is its fields one after the other, each a number with a value.
 *
 * A file is written in pieces of known length whose bytes are made when their turn comes: beside the file itself and the weights it is made
 * of, there is never more than one weight in memory.
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** A model cannot be written as ONNX. */
export class OnnxError extends Error {
  override readonly name = "OnnxError";
}

export interface Piece {
  /** In bytes. */
  readonly length: number;
  readonly bytes: () => Uint8Array;
}

/** Fields, tags and lengths included. */
export type Message = readonly Piece[];

/** Readers of protocol buffers count in 32 bits with a sign. */
const LONGEST = 2 ** 31 - 1;

function checkedLength(message: Message): number {
  const length = message.reduce((sum, piece) => sum + piece.length, 0);
  if (length > LONGEST) throw new OnnxError(`onnx: the model takes more than the ${LONGEST} bytes that a file of this format holds`);
  return length;
}

function piece(write: (writer: BinaryWriter) => BinaryWriter): Piece {
  const bytes = write(new BinaryWriter()).finish();
  return { length: bytes.length, bytes: () => bytes };
}

export const integer = (field: number, value: number): Piece => piece((to) => to.tag(field, WireType.Varint).int64(value));

/** Rounded to f32. */
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
 * @throws OnnxError for more than the format holds, before anything is made
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
