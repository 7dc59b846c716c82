/** A file of version 1.0 with this header, and these data or that many zero bytes. */
export function npyOf(header: string, data: number | readonly number[] = 0): Uint8Array {
  const text = new TextEncoder().encode(header);
  const numbers = typeof data === "number" ? new Uint8Array(data) : Uint8Array.from(data);
  const length = [text.length & 255, text.length >> 8];
  return Uint8Array.from([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, ...length, ...text, ...numbers]);
}
