import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isShown, openEvents } from "../../../src/io/tensorboard/events.ts";
import type { MetricsRow } from "../../../src/io/metrics.ts";
import { temporaryFolder } from "../../helpers/temporary.ts";
import { eventsOf, type ReadEvent } from "./read.ts";

const NOW = 1_790_000_000.25;
const row = (step: number, more: Readonly<Record<string, number>> = {}): MetricsRow => ({ epoch: 0, step, loss: 1 / step, ...more });

/** Writes rows of these steps, one a second, after a start at `from`. */
async function write(folder: string, from: number, rows: readonly MetricsRow[]): Promise<void> {
  const file = await openEvents(folder, from, NOW);
  for (const [i, one] of rows.entries()) await file.append([one], NOW + i);
  await file.close();
}

const filesIn = (folder: string): readonly string[] => readdirSync(folder).toSorted();
const readFrom = (folder: string, name: string): readonly ReadEvent[] => eventsOf(readFileSync(join(folder, name)));

/** A run that was killed after step 3, and resumed from the checkpoint of step 2. */
async function resumedRun(): Promise<string> {
  const folder = temporaryFolder();
  await write(folder, 0, [row(1), row(2), row(3, { loss: 99 })]);
  await write(folder, 2, [row(3), row(4, { top1: 0.5 })]);
  return folder;
}

const nothing = { step: null, version: null, status: null, scalars: {} };

describe("an event file", () => {
  it("begins with the format's version and the first step that holds, and has the rows with their times", async () => {
    const folder = temporaryFolder();
    await write(folder, 0, [row(1), row(2, { top1: 0.5 })]);
    expect(filesIn(folder)).toEqual(["events.out.tfevents.0000000001"]);
    expect(readFrom(folder, "events.out.tfevents.0000000001")).toEqual([
      { ...nothing, wallTime: NOW, version: "brain.Event:2" },
      { ...nothing, wallTime: NOW, step: 1, status: 1 },
      { ...nothing, wallTime: NOW, step: 1, scalars: { epoch: 0, loss: 1 } },
      { ...nothing, wallTime: NOW + 1, step: 2, scalars: { epoch: 0, loss: 0.5, top1: 0.5 } },
    ]);
  });

  it("is followed by another when the run resumes, which says what no longer holds", async () => {
    const folder = await resumedRun();
    const [, second = ""] = filesIn(folder);
    expect(second).toBe("events.out.tfevents.0000000002");
    expect(readFrom(folder, second)[1]).toEqual({ ...nothing, wallTime: NOW, step: 3, status: 1 });
  });

  it("has rows on the disk at the latest a second later, and at once after a flush", async () => {
    const folder = temporaryFolder();
    const file = await openEvents(folder, 0, NOW);
    const steps = (): readonly (number | null)[] =>
      readFrom(folder, "events.out.tfevents.0000000001")
        .slice(2)
        .map(({ step }) => step);
    await file.append([row(1)], NOW + 0.5);
    expect(steps()).toEqual([]);
    await file.append([row(2)], NOW + 1);
    expect(steps()).toEqual([1, 2]);
    await file.append([row(3)], NOW + 1.5);
    await file.flush();
    expect(steps()).toEqual([1, 2, 3]);
    await file.close();
  });

  it("holds numbers beyond f32 as infinite", async () => {
    const folder = temporaryFolder();
    await write(folder, 0, [row(1, { loss: 1e300, lr: NaN })]);
    expect(readFrom(folder, "events.out.tfevents.0000000001")[2]?.scalars).toEqual({ epoch: 0, loss: Infinity, lr: NaN });
  });

  it("of a long run has some thousand rows for each doubling of its steps, and all with an evaluation", async () => {
    const shown = Array.from({ length: 400_000 }, (_, i) => i + 1).filter(isShown);
    expect(shown.length).toBeLessThan(20_000);
    expect(shown.slice(0, 4096)).toEqual(Array.from({ length: 4096 }, (_, i) => i + 1));
    const folder = temporaryFolder();
    await write(folder, 9000, [row(9000), row(9001), row(9002), row(9003, { top1: 0.5 }), row(9004)]);
    expect(
      readFrom(folder, "events.out.tfevents.0000000001")
        .slice(2)
        .map(({ step }) => step),
    ).toEqual([9000, 9003, 9004]);
  });
});

/** TensorBoard's own reader: the scalars of a folder by tag, as [step, value, wall time]. */
const SCRIPT = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
of = EventAccumulator(sys.argv[1]); of.Reload()
print(json.dumps({tag: [[e.step, e.value, e.wall_time] for e in of.Scalars(tag)] for tag in of.Tags()["scalars"]}))
`;
const PYTHON = process.env["PYTHON"] ?? "python3";

it("TensorBoard reads the rows of a resumed run, without those that were lost", async ({ skip }) => {
  const why = spawnSync(PYTHON, ["-c", "import tensorboard"]).status === 0 ? null : `${PYTHON} has no tensorboard`;
  skip(why !== null, `skipped: ${why}`);
  const { stdout, stderr } = spawnSync(PYTHON, ["-B", "-c", SCRIPT, await resumedRun()], { encoding: "utf8" });
  if (stdout === "") throw new Error(stderr);
  expect(JSON.parse(stdout)).toEqual({
    epoch: [1, 2, 3, 4].map((step) => [step, 0, expect.any(Number)]),
    loss: [
      [1, 1, NOW],
      [2, 0.5, NOW + 1],
      [3, Math.fround(1 / 3), NOW],
      [4, 0.25, NOW + 1],
    ],
    top1: [[4, 0.5, NOW + 1]],
  });
});
