/** An inspection as files. Equal inspections give equal files. */
import type { Pixels } from "../data/images/pixels.ts";
import { writeNpz } from "../io/npz.ts";
import { pngOf, pngOfRgb } from "../io/png.ts";
import type { Stored } from "../io/stored.ts";
import { cosinePlot, standalone } from "../report/plots.ts";
import type { Numbers } from "./intermediates.ts";
import type { Inspection } from "./inspection.ts";
import { page } from "./page.ts";
import { disagreementPlot } from "./plots.ts";
import { attentionSheet, rolloutSheet, rolloutsSheet } from "./sheets.ts";

type File = readonly [path: string, content: string | Uint8Array];

const png = ({ data, width, height }: Pixels): Uint8Array => pngOfRgb(data, width, height);

const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

const stored = ({ shape, data }: Numbers): Stored =>
  data instanceof Float64Array ? { dtype: "F64", shape, data } : { dtype: "F32", shape, data };

/** `images`, as the network takes them, then every intermediate. */
function npz({ subject, intermediates }: Inspection): Uint8Array {
  const arrays = [...intermediates].map(([path, numbers]): [string, Stored] => [path, stored(numbers)]);
  return writeNpz(new Map([["images", stored(subject.images)], ...arrays]));
}

/** By path, one after the other as they are asked for; `index.html` shows them all. */
export function* inspectionFiles(inspection: Inspection): Generator<File, void> {
  const { config, subject, attention, cosines, disagreement } = inspection;
  yield ["index.html", page(inspection)];
  yield ["image.png", pngOf(subject.pixels, config.imageSize)];
  for (const [i, layer] of attention.entries()) yield [`attention/block-${i}.png`, png(attentionSheet(inspection, layer))];
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
  yield ["intermediates.npz", npz(inspection)];
}
