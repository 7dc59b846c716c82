import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { archiveState } from "../../../src/data/index/origin.ts";
import { openFiles } from "../../../src/data/sources/openFiles.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";

const FILES = 300;
const LENGTH = 2 ** 16;

it.skipIf(process.platform !== "linux")("openFiles reads many files, each its own, and keeps at most 64 open", () => {
  const folder = temporaryFolder();
  const states = Array.from({ length: FILES }, (_, i) => {
    const path = join(folder, `${i}.tar`);
    writeFileSync(path, new Uint8Array(LENGTH).fill(i));
    return archiveState(path);
  });
  const opened = (): number => readdirSync("/proc/self/fd").length;
  const before = opened();
  const files = openFiles(states);
  const read = states.map((_, i) => [...new Set(files.read(i, 1, LENGTH - 1))]);
  expect(read).toEqual(states.map((_, i) => [i % 256]));
  expect(opened() - before).toBeLessThanOrEqual(64);
  files.close();
  expect(opened()).toBeLessThanOrEqual(before);
});
