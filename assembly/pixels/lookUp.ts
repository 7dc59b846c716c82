/** Replaces every sample by what a table says (src/data/pixels/lookUp.ts). */

/** Entries of a table, and bytes of it. */
const VALUES: usize = 256;

/** Samples `out` = tables[256c + v] of n samples v; the channels c take turns. */
export function lookUp(out: usize, image: usize, tables: usize, n: i32, channels: i32): void {
  const end = image + n, last = tables + <usize>(channels - 1) * VALUES;
  if (channels == 3) {
    for (; image < end; image += 3, out += 3) {
      store<u8>(out, load<u8>(tables + load<u8>(image)));
      store<u8>(out, load<u8>(tables + load<u8>(image, 1), VALUES), 1);
      store<u8>(out, load<u8>(tables + load<u8>(image, 2), 2 * VALUES), 2);
    }
    return;
  }
  for (let table = tables; image < end; image++, out++) {
    store<u8>(out, load<u8>(table + load<u8>(image)));
    table = table == last ? tables : table + VALUES;
  }
}
