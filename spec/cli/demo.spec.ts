import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../helpers/temporary.ts";
import { deitIn } from "./inProcess.ts";

it("deit demo refuses in one line to replace a run that is going on, and leaves it unchanged", async () => {
  const folder = temporaryFolder();
  const run = join(folder, "runs/demo-7");
  mkdirSync(run, { recursive: true });
  const lock = JSON.stringify({ pid: process.pid, began: null, host: hostname(), since: "2026-01-02T03:04:05.000Z" });
  writeFileSync(join(run, "lock.json"), lock);
  writeFileSync(join(run, "metrics.jsonl"), "{}\n");
  expect(await deitIn(folder, "demo", "--seed", "7", "--cases", "1")).toEqual({
    status: 2,
    stdout: "",
    stderr:
      `deit demo: a run is going on in runs/demo-7: process ${process.pid} on ${hostname()}, since 2026-01-02T03:04:05.000Z; ` +
      `go on when it has ended, or stop it by Ctrl-C or kill -INT ${process.pid}\n`,
  });
  expect(readdirSync(run).toSorted()).toEqual(["lock.json", "metrics.jsonl"]);
  expect(readFileSync(join(run, "lock.json"), "utf8")).toBe(lock);
});
