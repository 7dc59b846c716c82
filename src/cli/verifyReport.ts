/** `deit verify --report`: writes a verification as an HTML page. */
import { realpathSync } from "node:fs";
import { writeDurably } from "../io/disk/durable.ts";
import type { Engine } from "../kernels/engine.ts";
import { pictureOf } from "../recording/picture.ts";
import type { Recording } from "../recording/format/read.ts";
import type { Verification } from "../recording/verify.ts";
import { verificationPage } from "../report/verification/page.ts";
import { showForNow } from "./output.ts";
import { checkWritable } from "./outputPath.ts";
import { version } from "./version.ts";

const realPath = (path: string): string | null => {
  try {
    return realpathSync(path);
  } catch {
    return null; // nothing is there
  }
};

/** Checks, before anything is computed, that the page can be written. @throws RangeError if it cannot */
export function checkReport(out: string, files: readonly string[]): void {
  const [file = ""] = files;
  if (files.length > 1) throw new RangeError(`--report draws one recording, got ${files.length}; one file at a time would be right`);
  checkWritable(out);
  const there = realPath(out);
  if (there !== null && there === realPath(file)) throw new RangeError(`--report ${out} is the recording itself; name another file`);
}

/** What was verified: the recording, its path, and the engine. */
export interface Verified {
  readonly engine: Engine;
  readonly file: string;
  readonly recording: Recording;
  readonly verification: Verification;
}

/** Writes the page. */
export async function writeVerification(out: string, { engine, file, recording, verification }: Verified): Promise<void> {
  showForNow(`${file}: drawing ${out}`);
  const picture = await pictureOf(engine, recording, verification);
  await writeDurably(out, verificationPage(picture, { file, engine: `${engine.name}, ${engine.precision}`, version: version() }));
}
