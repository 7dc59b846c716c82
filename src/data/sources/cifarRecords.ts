/** CIFAR's binary files in memory: a record is one or two label bytes, then the image as [3, 32, 32]. */
import { createHash } from "node:crypto";
import type { Pixels } from "../pixels/pixels.ts";
import { decoded } from "../images/imageFile.ts";
import type { Dataset, RecordSet } from "./dataset.ts";

const SIDE = 32;
const CHANNELS = 3;
const AREA = SIDE ** 2;

/** The length of a record, in bytes. */
export const recordLength = (labelBytes: number): number => labelBytes + CHANNELS * AREA;

/** The set of these records, with its digest. */
export function recordSet({ name, classes, labelBytes, records }: Omit<RecordSet, "digest">): RecordSet {
  const hash = createHash("sha256").update(JSON.stringify({ classes, labelBytes })).update(new Uint8Array(records));
  return { name, classes, labelBytes, records, digest: hash.digest("hex") };
}

/** [3, 32, 32] → [32, 32, 3] */
function interleaved(planes: Uint8Array): Pixels {
  const data = new Uint8Array(CHANNELS * AREA);
  for (let c = 0; c < CHANNELS; c++) for (let i = 0; i < AREA; i++) data[i * CHANNELS + c] = planes[c * AREA + i] ?? 0;
  return { data, width: SIDE, height: SIDE, channels: CHANNELS };
}

/** The images of records as a data set. */
export function cifarRecords(set: RecordSet): Dataset {
  const { name, classes, labelBytes, digest } = set;
  const records = new Uint8Array(set.records);
  const length = recordLength(labelBytes);
  const image = (i: number): Pixels => interleaved(records.subarray(i * length + labelBytes, (i + 1) * length));
  return {
    name,
    classes,
    channels: CHANNELS,
    side: SIDE,
    count: records.length / length,
    label: (i) => records[i * length + labelBytes - 1] ?? 0,
    image,
    open: (i) => decoded(image(i)),
    nameOf: (i) => `${name}: image ${i}`,
    handle: { kind: "records", ...set },
    digest,
    close: () => undefined,
  };
}
