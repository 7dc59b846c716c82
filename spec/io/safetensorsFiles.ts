/** Builds files of safetensors, valid ones and ones with an error at a marked byte. */

/** Marks, in a header, the byte that is wrong; it is not written. */
export const HERE = "☛";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A file with this header, valid or not, and these data or that many zero bytes. */
export function fileOf(header: string | Uint8Array, data: number | readonly number[] = 0): Uint8Array {
  const json = typeof header === "string" ? bytesOf(header.replace(HERE, "")) : header;
  const numbers = typeof data === "number" ? new Uint8Array(data) : Uint8Array.from(data);
  const bytes = new Uint8Array(8 + json.length + numbers.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(numbers, 8 + json.length);
  return bytes;
}

/** The position in the file of the byte that the mark of a header precedes. */
export function placeOf(header: string): number {
  const [before, after] = header.split(HERE);
  if (before === undefined || after === undefined) throw new Error(`no mark in ${header}`);
  return 8 + bytesOf(before).length;
}

/** The three members of a tensor. */
export const tensor = (dtype: string, shape: readonly number[], begin: number, end: number): string =>
  `"dtype":"${dtype}","shape":[${shape.join(",")}],"data_offsets":[${begin},${end}]`;
