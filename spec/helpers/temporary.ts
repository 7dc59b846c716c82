/** Makes a new folder for the current test, which is removed after it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "deit-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
