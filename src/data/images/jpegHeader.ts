/**
 * The size of a JPEG image from its frame header, without decoding (ITU-T T.81, B.2.2).
 *
 *   FF D8, then segments FF MARKER LENGTH …; SOF (markers C0 … CF without C4, C8, CC): bits a sample, height, width, number of components
 */

/** What the frame header of a JPEG image says. */
export interface JpegHeader {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** 1: grey; 3: colour; 4: CMYK. */
  readonly components: number;
  /** Bits a sample. */
  readonly bits: number;
}

const MARKER = 0xff;
const FIRST_SEGMENT = 2;
const END_OF_IMAGE = 0xd9;
/** Start-of-frame markers, and those among them that mean something else. */
const [SOF, LAST_SOF, NOT_SOF] = [0xc0, 0xcf, [0xc4, 0xc8, 0xcc]];

/** Reads the frame header; null: there is none where it should be. */
export function jpegHeader(bytes: Uint8Array): JpegHeader | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = FIRST_SEGMENT; at + 10 <= bytes.length;) {
    if (bytes[at] !== MARKER) return null;
    const marker = bytes[at + 1] ?? 0;
    if (marker === MARKER) {
      at++; // a fill byte
      continue;
    }
    if (marker >= SOF && marker <= LAST_SOF && !NOT_SOF.includes(marker))
      return {
        bits: view.getUint8(at + 4),
        height: view.getUint16(at + 5),
        width: view.getUint16(at + 7),
        components: view.getUint8(at + 9),
      };
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}

/** Bytes at the end of a file among which the end of the image must be. */
const TAIL = 64;

/** Whether a file ends as a JPEG image does, with the marker FF D9; a truncated one does not. */
export function endsAsJpeg(bytes: Uint8Array): boolean {
  const tail = bytes.subarray(-TAIL);
  return tail.some((byte, i) => byte === MARKER && tail[i + 1] === END_OF_IMAGE);
}
