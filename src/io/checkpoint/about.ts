/**
 * `checkpoint.json`: what a checkpoint is of, and the digests by which every changed bit is noticed: one of the numbers' file, one of its own
 * fields. A file is accepted only if it is, byte for byte, what is written for its fields. It holds neither times nor paths, so that equal runs
 * write equal bytes.
 */
import { digestOfRecord } from "../disk/digest.ts";
import { isRecord, parseJson } from "../strictJson.ts";

/** A checkpoint that cannot be used or written; the message is one line that names file and reason. */
export class CheckpointError extends Error {
  override readonly name = "CheckpointError";
}

/** The file of the numbers. */
export const STATE = "state.safetensors";
/** The file that says what they are of. */
export const ABOUT = "checkpoint.json";

/** What must be unchanged for a run to resume with bitwise identical results. */
export interface RunOf {
  /** The recipe's digest. */
  readonly recipe: string;
  /** The name of the engine, since each engine rounds in its own way. */
  readonly engine: string;
}

/** The fields of `checkpoint.json`. */
export interface About extends RunOf {
  /** Steps done. */
  readonly step: number;
  /** SHA-256 of the numbers' file. */
  readonly state: string;
}

/** Of the two files. Format 1, which had no digest of its own fields and no number, is not read any more. */
const FORMAT = 2;

/** The text of the file. */
export function aboutText({ step, recipe, engine, state }: About): string {
  const fields = { format: FORMAT, step, recipe, engine, state };
  return `${JSON.stringify({ ...fields, fields: digestOfRecord(fields) }, null, 2)}\n`;
}

function valueOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw new CheckpointError("must be JSON");
  }
}

/**
 * Reads the fields.
 *
 * @throws CheckpointError with the reason alone, for anything but the bytes of `aboutText`
 */
export function readAbout(bytes: Uint8Array): About {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const value = valueOf(text);
  if (!isRecord(value)) throw new CheckpointError("must be a JSON object");
  const { format, step, recipe, engine, state } = value;
  if (format !== FORMAT)
    throw new CheckpointError(
      format === undefined
        ? "has no format number: it is damaged, or of an earlier deit, which has to finish that run"
        : `must be of format ${FORMAT}, got ${JSON.stringify(format)}`,
    );
  if (typeof step !== "number" || typeof recipe !== "string" || typeof engine !== "string" || typeof state !== "string")
    throw new CheckpointError("must have step, recipe, engine and state");
  const about = { step, recipe, engine, state };
  if (aboutText(about) !== text) throw new CheckpointError("is damaged: its fields and its SHA-256 of them do not fit together");
  return about;
}
