/** The metrics of a run without what a clock measured, so that equal runs give equal texts. */
import { readFileSync } from "node:fs";

const MEASURED = new Set(["images_per_second", "data_wait", "memory"]);

/** The rows of a file, as text. */
export const metricsText = (path: string): string =>
  readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.stringify(JSON.parse(line, (key, value: unknown) => (MEASURED.has(key) ? undefined : value))))
    .join("\n");
