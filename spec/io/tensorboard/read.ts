/** A plain reader of TensorBoard's event files, by which the specs check the writer. */
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { crc32c } from "../../../src/io/crc32.ts";

/** An event; fields that it lacks are null. */
export interface ReadEvent {
  readonly wallTime: number | null;
  readonly step: number | null;
  readonly version: string | null;
  /** 1: start. */
  readonly status: number | null;
  readonly scalars: Readonly<Record<string, number>>;
}

/** 64-bit arithmetic, so that no step is shared with the writer's. */
const masked = (bytes: Uint8Array): number => {
  const crc = BigInt(crc32c(bytes));
  return Number((((crc >> 15n) | (crc << 17n)) + 0xa282ead8n) & 0xffffffffn);
};

/** The data of the records. @throws Error for a wrong length or checksum */
function recordsOf(bytes: Uint8Array): readonly Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const records: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(view.getBigUint64(at, true));
    const data = bytes.subarray(at + 12, at + 12 + length);
    const found = [view.getUint32(at + 8, true), view.getUint32(at + 12 + length, true)].join();
    const expected = [masked(bytes.subarray(at, at + 8)), masked(data)].join();
    if (found !== expected) throw new Error(`record at ${at}: checksums ${found}, not ${expected}`);
    records.push(data);
    at += 16 + length;
  }
  return records;
}

/** The fields of a message: for each its number, and its value as varint, 64 or 32 bits, or bytes. */
function* fieldsOf(bytes: Uint8Array): Generator<readonly [field: number, value: number | Uint8Array]> {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (type === WireType.Varint) yield [field, Number(reader.int64())];
    else if (type === WireType.Bit64) yield [field, reader.double()];
    else if (type === WireType.LengthDelimited) yield [field, reader.bytes()];
    else if (type === WireType.Bit32) yield [field, reader.float()];
    else throw new Error(`wire type ${type}`);
  }
}

const numberIn = (fields: ReadonlyMap<number, number | Uint8Array>, field: number): number | null => {
  const value = fields.get(field);
  return typeof value === "number" ? value : null;
};
const bytesIn = (fields: ReadonlyMap<number, number | Uint8Array>, field: number): Uint8Array | null => {
  const value = fields.get(field);
  return value instanceof Uint8Array ? value : null;
};
const textOf = (bytes: Uint8Array | null): string | null => (bytes === null ? null : new TextDecoder().decode(bytes));

/** The events of a file. */
export const eventsOf = (file: Uint8Array): readonly ReadEvent[] =>
  recordsOf(file).map((data) => {
    const event = new Map(fieldsOf(data));
    const summary = bytesIn(event, 5);
    const session = bytesIn(event, 7);
    const values =
      summary === null ? [] : [...fieldsOf(summary)].map(([, value]) => new Map(typeof value === "number" ? [] : fieldsOf(value)));
    return {
      wallTime: numberIn(event, 1),
      step: numberIn(event, 2),
      version: textOf(bytesIn(event, 3)),
      status: session === null ? null : numberIn(new Map(fieldsOf(session)), 1),
      scalars: Object.fromEntries(values.map((value) => [textOf(bytesIn(value, 1)) ?? "", numberIn(value, 2) ?? NaN])),
    };
  });
