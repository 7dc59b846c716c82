import { pbkdf2 } from "node:crypto";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { archiveState } from "../../../src/data/index/origin.ts";
import { openFiles } from "../../../src/data/sources/openFiles.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";

const FILES = 300;
const LENGTH = 2 ** 16;
/** Node reads files in as many threads. */
const THREADS = 4;

it.skipIf(process.platform !== "linux")("openFiles reads many files at once, each its own, and keeps at most 64 open", async () => {
  const folder = temporaryFolder();
  const states = Array.from({ length: FILES }, (_, i) => {
    const path = join(folder, `${i}.tar`);
    writeFileSync(path, new Uint8Array(LENGTH).fill(i));
    return archiveState(path);
  });
  const opened = (): number => readdirSync("/proc/self/fd").length;
  const before = opened();
  const files = openFiles(states);
  const busy = Array.from({ length: THREADS }, () => promisify(pbkdf2)("x", "x", 100_000, 64, "sha512")); // so that the reads wait
  const read = await Promise.all(states.map(async (_, i) => [...new Set(await files.read(i, 1, LENGTH - 1))]));
  expect(read).toEqual(states.map((_, i) => [i % 256])); // a descriptor that is closed too early is that of another file soon, or of none
  expect(opened() - before).toBeLessThanOrEqual(64);
  files.close();
  expect(opened()).toBeLessThanOrEqual(before);
  await Promise.all(busy);
});
