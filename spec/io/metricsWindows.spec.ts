import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { metricsReader, MOST_WINDOWS } from "../../src/io/metricsWindows.ts";
import { openMetrics, type MetricsRow } from "../../src/io/metrics.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

const PER_EPOCH = 100;
const row = (step: number): MetricsRow => ({
  epoch: Math.floor((step - 1) / PER_EPOCH),
  step,
  loss: step,
  ...(step % PER_EPOCH === 0 ? { top1: 1 / step } : {}),
});
const textOf = (rows: readonly MetricsRow[]): string => rows.map((one) => `${JSON.stringify(one)}\n`).join("");
const rows = (from: number, to: number): readonly MetricsRow[] => Array.from({ length: to - from + 1 }, (_, i) => row(from + i));
const newFile = (): string => join(temporaryFolder(), "metrics.jsonl");

describe("metrics for curves", () => {
  it("are the rows themselves if there are few, without a torn line", async () => {
    const path = newFile();
    writeFileSync(path, `${textOf(rows(1, 3))}{"epoch":0,"st`);
    const { windows, evaluated, last } = await metricsReader(path).curves();
    expect(windows.map(({ step, spreads }) => [step, spreads.get("loss")])).toEqual(
      [1, 2, 3].map((n) => [n, { least: n, mean: n, most: n }]),
    );
    expect([evaluated, last]).toEqual([[], row(3)]);
  });

  it("are empty if there is no file", async () => {
    expect(await metricsReader(newFile()).curves()).toEqual({ windows: [], evaluated: [], last: null });
  });

  it("take 400,000 rows together in windows of equally many, with every evaluation", async () => {
    const path = newFile();
    writeFileSync(path, textOf(rows(1, 400_000)));
    const { windows, evaluated, last } = await metricsReader(path).curves();
    expect(windows.length).toBeGreaterThan(MOST_WINDOWS / 2);
    expect(windows.length).toBeLessThanOrEqual(MOST_WINDOWS);
    const [first] = windows;
    const length = first?.step ?? NaN;
    expect(first?.spreads.get("loss")).toEqual({ least: 1, mean: (length + 1) / 2, most: length });
    expect(windows.slice(0, -1).map(({ step }) => step)).toEqual(windows.slice(0, -1).map((_, i) => length * (i + 1)));
    expect(evaluated).toHaveLength(400_000 / PER_EPOCH);
    expect(last).toEqual(row(400_000));
  });

  it("are read on when the file has grown, to the same as from the beginning, wherever a line was cut", async () => {
    const [path, text] = [newFile(), textOf(rows(1, 1000))];
    const reader = metricsReader(path);
    const cuts = [0, 17, 5000, 5001, 20_000, text.length];
    for (const [i, cut] of cuts.entries()) {
      appendFileSync(path, text.slice(cuts[i - 1] ?? 0, cut));
      await reader.curves();
    }
    expect(await reader.curves()).toEqual(await metricsReader(path).curves());
  });

  it("are read anew when a resumed run has replaced the file", async () => {
    const path = newFile();
    writeFileSync(path, textOf(rows(1, 500)));
    const reader = metricsReader(path);
    await reader.curves();
    await (await openMetrics(path, 200)).close();
    expect(await reader.curves()).toEqual(await metricsReader(path).curves());
    expect((await reader.curves()).last).toEqual(row(200));
  });
});
