/** The bundled photographs of fixtures/preprocess, decoded by the browser. */
import type { Pixels } from "deit";
import bear from "../../../fixtures/preprocess/source/natural3.jpg";
import dog from "../../../fixtures/preprocess/source/portrait.jpg";
import snake from "../../../fixtures/preprocess/source/landscape.jpg";
import type { Both } from "./language.ts";

/** A photograph. */
export interface Photograph {
  readonly url: string;
  readonly name: Both<string>;
  /** Its class number in ImageNet. */
  readonly label: number;
}

export const photographs: readonly Photograph[] = [
  { url: dog, name: { en: "Maltese dog", zh: "马耳他犬" }, label: 153 },
  { url: bear, name: { en: "brown bear", zh: "棕熊" }, label: 294 },
  { url: snake, name: { en: "garter snake", zh: "束带蛇" }, label: 57 },
];

const CHANNELS = 3;
/** Samples of a pixel of a canvas: red, green, blue, alpha. */
const RGBA = 4;

/** The pixels of a photograph. @throws Error if it cannot be loaded or decoded */
export async function pixelsOf({ url }: Photograph): Promise<Pixels> {
  const bitmap = await createImageBitmap(await (await fetch(url)).blob(), { colorSpaceConversion: "none" });
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d");
  if (context === null) throw new Error("the browser gives no canvas");
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  const rgb = Uint8Array.from({ length: width * height * CHANNELS }, (_, i) => data[Math.floor(i / CHANNELS) * RGBA + (i % CHANNELS)] ?? 0);
  return { data: rgb, width, height, channels: CHANNELS };
}
