import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openMetrics, type MetricsRow } from "../../src/io/metrics.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

const row = (step: number): MetricsRow => ({ epoch: 0, step, loss: 1 / step });

async function written(steps: readonly number[]): Promise<string> {
  const path = join(temporaryFolder(), "metrics.jsonl");
  const file = await openMetrics(path, 0);
  await file.append(steps.map(row));
  await file.flush();
  await file.close();
  return path;
}

describe("metrics", () => {
  it("are one JSON object a line", async () => {
    const path = await written([1, 2]);
    expect(readFileSync(path, "utf8")).toBe('{"epoch":0,"step":1,"loss":1}\n{"epoch":0,"step":2,"loss":0.5}\n');
  });

  it("opened at a step lose the rows of later steps", async () => {
    const path = await written([1, 2, 3, 4]);
    const file = await openMetrics(path, 2);
    await file.append([row(3)]);
    await file.close();
    expect(readFileSync(path, "utf8")).toBe(readFileSync(await written([1, 2, 3]), "utf8"));
  });

  it("lose a line that a kill has torn", async () => {
    const path = await written([1, 2]);
    appendFileSync(path, '{"epoch":0,"step":3,"lo');
    await (await openMetrics(path, 3)).close();
    expect(readFileSync(path, "utf8")).toBe(readFileSync(await written([1, 2]), "utf8"));
  });
});
