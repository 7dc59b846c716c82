import { describe, expect, it } from "vitest";
import { crc32, crc32c } from "../../src/io/crc32.ts";

const N = 32;
const ascending = Uint8Array.from({ length: N }, (_, i) => i);
const digits = new TextEncoder().encode("123456789");

describe("the checksums", () => {
  it.each<readonly [what: string, bytes: Uint8Array, crc: number]>([
    ["32 zeros", new Uint8Array(N), 0x8a9136aa],
    ["32 bytes of ones", new Uint8Array(N).fill(255), 0x62a8ab43],
    ["0 … 31", ascending, 0x46dd794e],
    ["31 … 0", ascending.toReversed(), 0x113fdb5c],
    ["the digits 1 to 9", digits, 0xe3069283],
    ["nothing", new Uint8Array(0), 0],
  ])("CRC-32C of %s is that of RFC 3720 (B.4), or the usual check value", (_, bytes, crc) => {
    expect(crc32c(bytes)).toBe(crc);
  });

  it("CRC-32 of the digits 1 to 9 is the usual check value", () => {
    expect(crc32(digits)).toBe(0xcbf43926);
  });
});
