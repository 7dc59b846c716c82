/** Files of safetensors, made by hand: right ones, and ones that are wrong at a place that is marked. */

/** Stands in a header before the byte where it is wrong; it is not written. */
export const HERE = "☛";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A file of this header, whatever it is, and this data or so many zero bytes. */
export function fileOf(header: string | Uint8Array, data: number | readonly number[] = 0): Uint8Array {
  const json = typeof header === "string" ? bytesOf(header.replace(HERE, "")) : header;
  const numbers = typeof data === "number" ? new Uint8Array(data) : Uint8Array.from(data);
  const bytes = new Uint8Array(8 + json.length + numbers.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(numbers, 8 + json.length);
  return bytes;
}

/** The byte of the file at which the mark of a header stands. */
export function placeOf(header: string): number {
  const [before, after] = header.split(HERE);
  if (before === undefined || after === undefined) throw new Error(`no mark in ${header}`);
  return 8 + bytesOf(before).length;
}

/** The three members of a tensor. */
export const tensor = (dtype: string, shape: readonly number[], begin: number, end: number): string =>
  `"dtype":"${dtype}","shape":[${shape.join(",")}],"data_offsets":[${begin},${end}]`;
