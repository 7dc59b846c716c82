/** Recognises image files by their first bytes. */

/** The formats that can be decoded. */
export type ImageFormat = "JPEG" | "PNG" | "WebP";

const beginsWith = (bytes: Uint8Array, text: string, at = 0): boolean =>
  Array.from(text).every((char, i) => bytes[at + i] === char.charCodeAt(0));

/** The format of a file; null: none of these three. */
export function formatOf(bytes: Uint8Array): ImageFormat | null {
  if (beginsWith(bytes, "\u00FF\u00D8\u00FF")) return "JPEG";
  if (beginsWith(bytes, "\u0089PNG\r\n\u001A\n")) return "PNG";
  if (beginsWith(bytes, "RIFF") && beginsWith(bytes, "WEBP", 8)) return "WebP";
  return null;
}

/** The offset of the colour type in a PNG file, in bytes. */
const COLOUR_TYPE = 25;

/** Whether a PNG is grey with neither alpha nor palette; a colour that is declared transparent does not count as alpha. */
export const isPlainGreyPng = (bytes: Uint8Array): boolean => formatOf(bytes) === "PNG" && bytes[COLOUR_TYPE] === 0;
