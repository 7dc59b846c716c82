import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkUnlocked, LOCK, lock, unlock } from "../../src/io/disk/lock.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

const own = { pid: process.pid, began: null, host: hostname(), since: "2026-01-02T03:04:05.000Z" };

/** A folder that contains this lock. */
function lockedBy(holder: object | string): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, LOCK), typeof holder === "string" ? holder : JSON.stringify(holder));
  return folder;
}

describe("the lock of a folder", () => {
  it("holds until it is released, also for the same process", async () => {
    const folder = temporaryFolder();
    await lock(folder);
    await expect(lock(folder)).rejects.toThrow(`a run is going on in ${folder}: process ${process.pid} on ${hostname()}, since `);
    unlock(folder);
    expect(readdirSync(folder)).toEqual([]);
    await lock(folder);
    unlock(folder);
  });

  it("is ignored once its process has ended", async () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    const folder = lockedBy({ ...own, pid });
    await checkUnlocked(folder);
    expect(existsSync(join(folder, LOCK))).toBe(false);
  });

  it.runIf(process.platform === "linux")("is ignored if another process has reused the number of one that has died", async () => {
    const folder = lockedBy({ ...own, began: "1" });
    await checkUnlocked(folder);
    expect(existsSync(join(folder, LOCK))).toBe(false);
  });

  it("of another machine holds, whatever processes run here", async () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    const folder = lockedBy({ ...own, pid, host: "elsewhere" });
    await expect(checkUnlocked(folder)).rejects.toThrow(
      `process ${pid} on elsewhere, since ${own.since}, which cannot be seen from ${hostname()}; if it has ended there, remove ${join(folder, LOCK)}`,
    );
  });

  it.each(["", '{ "pid": 12', "{}", "[1]", '{"pid":-1,"began":null,"host":"a","since":"b"}'])(
    "that a process left incomplete as it died is removed: %j",
    async (text) => {
      const folder = lockedBy(text);
      await lock(folder);
      expect(readFileSync(join(folder, LOCK), "utf8")).toContain(`"pid": ${process.pid}`);
      expect(readdirSync(folder)).toEqual([LOCK]);
    },
  );

  it("that is just being written is waited for", async () => {
    const folder = lockedBy("");
    const waiting = lock(folder);
    writeFileSync(join(folder, LOCK), JSON.stringify(own));
    await expect(waiting).rejects.toThrow(`a run is going on in ${folder}: process ${process.pid}`);
  });

  it("goes to one of many that want it at once, also if one that has died held it before", async () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    const folder = lockedBy({ ...own, pid });
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => lock(folder)));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(readdirSync(folder)).toEqual([LOCK]);
  });

  it("is not released by a process that does not hold it", () => {
    const folder = lockedBy({ ...own, pid: 1 });
    unlock(folder);
    expect(existsSync(join(folder, LOCK))).toBe(true);
  });
});
