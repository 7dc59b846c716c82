/** Writes safetensors files: first the header, which needs no numbers, then tensor by tensor. Equal arguments give equal bytes. */
import type { Shape } from "../../tensor/tensor.ts";
import { isCount } from "../disk/byteSource.ts";
import { shapeText } from "../formatError.ts";
import { isUnicode } from "./jsonReader.ts";
import { LONGEST_HEADER, PREFIX } from "./header.ts";
import { bytesIn, viewOf, type Dtype, type Writable } from "../weights/stored.ts";

/** The type and shape of a tensor that will be written. */
export interface Planned {
  /** The type of its numbers. */
  readonly dtype: Dtype;
  /** Axis lengths, outermost first. */
  readonly shape: Shape;
}

const ALIGNMENT = 8;

function checkKey(what: string, key: string): void {
  if (key === "__proto__") throw new RangeError(`writeSafetensors: ${what} may not be called __proto__`);
  if (!isUnicode(key)) throw new RangeError(`writeSafetensors: ${what} may not be called ${JSON.stringify(key)}, which is not Unicode`);
}

function metadataJson(metadata: ReadonlyMap<string, string>): string {
  const lines = [...metadata].map(([key, text]) => {
    checkKey("a text", key);
    if (!isUnicode(text)) throw new RangeError(`writeSafetensors: the text ${key} is not Unicode`);
    return `${JSON.stringify(key)}:${JSON.stringify(text)}`;
  });
  return `{${lines.join(",")}}`;
}

/** The header with its length and padding. */
function headerOf(tensors: ReadonlyMap<string, Planned>, metadata: ReadonlyMap<string, string>): Uint8Array {
  const lines = [`"__metadata__":${metadataJson(metadata)}`];
  let end = 0;
  for (const [name, { dtype, shape }] of tensors) {
    checkKey("a tensor", name);
    if (name === "__metadata__") throw new RangeError("writeSafetensors: a tensor may not be called __metadata__");
    const begin = end;
    end += (shape.every(isCount) ? bytesIn(dtype, shape) : null) ?? NaN;
    if (!Number.isSafeInteger(end)) throw new RangeError(`writeSafetensors: ${name} may not be ${shapeText(shape)}`);
    lines.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`);
  }
  const json = new TextEncoder().encode(`{${lines.join(",")}}`);
  const length = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT;
  if (length > LONGEST_HEADER)
    throw new RangeError(`writeSafetensors: the header may have ${LONGEST_HEADER} bytes, it would have ${length}`);

  const bytes = new Uint8Array(PREFIX + length).fill(" ".charCodeAt(0));
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, PREFIX);
  return bytes;
}

const dataOf = (name: string, stored: Writable): Uint8Array => viewOf(`writeSafetensors: ${name}`, stored);

/**
 * Writes a file with these tensors in this order.
 *
 * @throws RangeError for a name that the format reserves, a shape that does not fit its numbers, or a BOOL that is not 0 or 1
 */
export function writeSafetensors(tensors: ReadonlyMap<string, Writable>, metadata: ReadonlyMap<string, string> = new Map()): Uint8Array {
  const header = headerOf(tensors, metadata);
  const data = [...tensors].map(([name, stored]) => dataOf(name, stored));
  const bytes = new Uint8Array(data.reduce((sum, { length }) => sum + length, header.length));
  let offset = 0;
  for (const piece of [header, ...data]) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  return bytes;
}

/** Gives the numbers of a planned tensor. It is called once for each tensor, in order, and its result is not kept. */
export type TensorOf<P extends Planned> = (name: string, planned: P) => Writable | Promise<Writable>;

/**
 * The bytes of `writeSafetensors`, piece by piece, with no more than one tensor in memory at a time.
 *
 * @throws RangeError as `writeSafetensors` does, and for a tensor that is not as planned
 */
export async function* safetensorsPieces<P extends Planned>(
  tensors: ReadonlyMap<string, P>,
  tensorOf: TensorOf<P>,
  metadata: ReadonlyMap<string, string> = new Map(),
): AsyncGenerator<Uint8Array, void> {
  yield headerOf(tensors, metadata);
  for (const [name, planned] of tensors) {
    const stored = await tensorOf(name, planned);
    const [wanted, got] = [planned, stored].map(({ dtype, shape }) => `${shapeText(shape)} of ${dtype}`);
    if (wanted !== got) throw new RangeError(`writeSafetensors: ${name} was to be ${wanted}, got ${got}`);
    yield dataOf(name, stored);
  }
}
