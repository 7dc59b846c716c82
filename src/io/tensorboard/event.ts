/** TensorBoard's events as protocol buffers: the messages of its event.proto and summary.proto, as far as scalars need them. */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** The fields' numbers are those of the format. */
const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5, sessionLog: 7 };
const SUMMARY = { value: 1 };
const VALUE = { tag: 1, simpleValue: 2 };
const SESSION_LOG = { status: 1 };
const START = 1;

/** The version that has the meaning of `startEvent`. */
const VERSION = "brain.Event:2";

const eventAt = (wallTime: number, step: number): BinaryWriter =>
  new BinaryWriter().tag(EVENT.wallTime, WireType.Bit64).double(wallTime).tag(EVENT.step, WireType.Varint).int64(step);

/**
 * The first event of a file.
 *
 * @param wallTime seconds since 1970
 */
export const versionEvent = (wallTime: number): Uint8Array<ArrayBuffer> =>
  new BinaryWriter()
    .tag(EVENT.wallTime, WireType.Bit64)
    .double(wallTime)
    .tag(EVENT.fileVersion, WireType.LengthDelimited)
    .string(VERSION)
    .finish();

/** Says that a run starts or resumes with this step: what earlier files have of it and of later steps no longer holds. */
export const startEvent = (wallTime: number, step: number): Uint8Array<ArrayBuffer> =>
  eventAt(wallTime, step)
    .tag(EVENT.sessionLog, WireType.LengthDelimited)
    .fork()
    .tag(SESSION_LOG.status, WireType.Varint)
    .int32(START)
    .join()
    .finish();

/** Numbers of a step by name, which are rounded to f32. */
export function scalarsEvent(wallTime: number, step: number, scalars: Readonly<Record<string, number>>): Uint8Array<ArrayBuffer> {
  const event = eventAt(wallTime, step).tag(EVENT.summary, WireType.LengthDelimited).fork();
  for (const [tag, value] of Object.entries(scalars))
    event
      .tag(SUMMARY.value, WireType.LengthDelimited)
      .fork()
      .tag(VALUE.tag, WireType.LengthDelimited)
      .string(tag)
      .tag(VALUE.simpleValue, WireType.Bit32)
      .float(Math.fround(value)) // ±∞ if it is too large
      .join();
  return event.join().finish();
}
