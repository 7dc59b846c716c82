/** Decodes an image file of the reader by the browser. */
import type { Pixels } from "#deit/data/pixels/pixels.js";

/** The longest side that is decoded; larger photographs are reduced, since a model sees far fewer pixels. */
const LONGEST = 1024;

/** RGB of an image file. Transparent pixels are as on white. @throws Error if the browser cannot decode it */
export async function decodedFile(file: Blob): Promise<Pixels> {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
  const canvas = new OffscreenCanvas(width ?? 1, height ?? 1);
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("this browser gives no canvas");
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const rgb = Uint8Array.from({ length: (data.length / 4) * 3 }, (_, i) => data[Math.floor(i / 3) * 4 + (i % 3)] ?? 0);
  return { width: canvas.width, height: canvas.height, channels: 3, data: rgb };
}
