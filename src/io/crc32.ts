/** Checksums of 32 bits: CRC-32 (ISO 3309), which PNG and zip use, and CRC-32C (Castagnoli; RFC 3720, B.4), which TensorBoard's files use. */

/** The polynomials, bits reversed. */
const [ISO, CASTAGNOLI] = [0xedb88320, 0x82f63b78];

/** The checksum by a polynomial. */
function checksumBy(polynomial: number): (bytes: Uint8Array) => number {
  /** Its change by each byte. */
  const table = Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? polynomial : 0);
    return crc;
  });
  return (bytes) => {
    let crc = -1;
    for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 255] ?? 0);
    return ~crc >>> 0;
  };
}

/** CRC-32 of some bytes. */
export const crc32: (bytes: Uint8Array) => number = checksumBy(ISO);

/** CRC-32C of some bytes. */
export const crc32c: (bytes: Uint8Array) => number = checksumBy(CASTAGNOLI);
