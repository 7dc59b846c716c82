/** Turns an inspection into files. Equal inspections of equal origin give equal files. */
import type { Pixels } from "../data/pixels/pixels.ts";
import type { Content } from "../io/disk/folder.ts";
import { npzPieces } from "../io/numpy/npz.ts";
import { pngOf, pngOfRgb } from "../io/png.ts";
import type { Stored } from "../io/weights/stored.ts";
import { cosinePlot, standalone } from "../report/plots.ts";
import type { Numbers } from "./intermediates.ts";
import type { Inspection } from "./inspection.ts";
import { page, type Origin } from "./page.ts";
import { disagreementPlot } from "./plots.ts";
import { attentionScale, attentionSheet, rolloutSheet, rolloutsSheet } from "./sheets.ts";

type File = readonly [path: string, content: Content];

const png = ({ data, width, height }: Pixels): Uint8Array => pngOfRgb(data, width, height);

const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

const stored = ({ shape, data }: Numbers): Stored =>
  data instanceof Float64Array ? { dtype: "F64", shape, data } : { dtype: "F32", shape, data };

/** The arrays of intermediates.npz: `images`, as the engine takes them, then every intermediate. */
function* arrays({ image, intermediates }: Inspection): Generator<readonly [string, Stored], void> {
  const { shape, data } = image.images;
  const single = [...intermediates.values()].every((numbers) => numbers.data instanceof Float32Array);
  yield ["images", stored({ shape, data: single ? Float32Array.from(data) : data })];
  for (const [path, numbers] of intermediates) yield [path, stored(numbers)];
}

/** The files by path, each made when it is read; `index.html` shows them all. */
export function* inspectionFiles(inspection: Inspection, origin: Origin): Generator<File, void> {
  const { config, image, attention, cosines, disagreement } = inspection;
  const scale = attentionScale(inspection);
  yield ["index.html", page(inspection, origin)];
  yield ["image.png", pngOf(image.pixels, config.imageSize)];
  for (const [i, layer] of attention.entries()) yield [`attention/block-${i}.png`, png(attentionSheet(inspection, layer, scale))];
  yield ["rollout.png", png(rolloutSheet(inspection))];
  yield ["rollout-by-block.png", png(rolloutsSheet(inspection))];
  if (cosines !== null) {
    yield ["token-cosine.svg", standalone(cosinePlot(cosines))];
    yield ["token-cosine.json", json(cosines)];
  }
  if (disagreement !== null) {
    yield ["disagreement.svg", standalone(disagreementPlot(disagreement))];
    yield ["disagreement.json", json(disagreement)];
  }
  yield ["intermediates.npz", npzPieces(arrays(inspection))];
}
