import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { LOST, needsSupervision, supervise } from "../../src/cli/processes/supervise.ts";
import { temporaryFolder } from "../helpers/temporary.ts";

/** What one process of the stub does, as JavaScript statements: `notify`, `die` by a signal, `exit`. */
type Life = string;

const STUB = `
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
const [, , folder, ...args] = process.argv;
const lives = JSON.parse(readFileSync(folder + "/lives.json", "utf8"));
const log = folder + "/log";
const nth = existsSync(log) ? readFileSync(log, "utf8").split("\\n").length - 1 : 0;
appendFileSync(log, args.join(" ") + "\\n");
const notify = (event) => new Promise((sent) => process.send(event, sent));
const run = folder + "/run";
const begin = async () => { await notify({ run }); mkdirSync(run, { recursive: true }); };
const step = (step) => notify({ stage: "student", step });
const exit = (status) => process.exit(status);
const die = (signal) => { process.kill(process.pid, signal); return new Promise(() => setInterval(() => {}, 1000)); };
await eval("(async () => {" + lives[Math.min(nth, lives.length - 1)] + "})()");
`;

interface Lived {
  readonly status: number;
  /** The arguments of each process. */
  readonly lives: readonly string[];
  readonly stderr: string;
}

/** Runs a supervised stub whose processes do this in turn; the last entry repeats. */
async function lived(...lives: readonly Life[]): Promise<Lived> {
  const folder = temporaryFolder();
  const [program, log] = [join(folder, "stub.mjs"), join(folder, "log")];
  writeFileSync(program, STUB);
  writeFileSync(join(folder, "lives.json"), JSON.stringify(lives));
  let stderr = "";
  const spy = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
  try {
    const status = await supervise([folder, "--engine", "webgpu"], {}, program);
    const shown = stderr.replaceAll(`deit ${folder}`, "deit train");
    return { status, lives: existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n") : [], stderr: shown };
  } finally {
    spy.mockRestore();
  }
}

const FIRST = "--engine webgpu";
const AGAIN = "--engine webgpu --resume";

describe("a supervised command", () => {
  it("passes its exit status on and is not restarted if it ends normally", async () => {
    expect(await lived("exit(0)")).toEqual({ status: 0, lives: [FIRST], stderr: "" });
    expect(await lived("exit(1)")).toEqual({ status: 1, lives: [FIRST], stderr: "" });
    expect(await lived("await begin(); exit(2)")).toEqual({ status: 2, lives: [FIRST], stderr: "" });
  });

  it("that is not a run ends with one line and status 2 when its process dies", async () => {
    const line = "deit train: its process was ended by SIGSEGV\n";
    expect(await lived("await die('SIGSEGV')")).toEqual({ status: 2, lives: [FIRST], stderr: line });
  });

  it("that is a run continues from its last checkpoint each time its process dies, as long as it makes progress", async () => {
    const deaths = [
      "await begin(); await die('SIGKILL')",
      "await begin(); await step(1); await die('SIGABRT')",
      "await begin(); await step(2); await die('SIGSEGV')",
      `await begin(); await step(3); exit(${LOST})`,
      "await begin(); await step(4); await die('SIGKILL')",
    ];
    const { status, lives, stderr } = await lived(...deaths, "await begin(); await step(5); exit(0)");
    expect({ status, lives }).toEqual({ status: 0, lives: [FIRST, AGAIN, AGAIN, AGAIN, AGAIN, AGAIN] });
    expect(stderr.split("\n")).toEqual([
      "deit train: its process was ended by SIGKILL; it continues from its last checkpoint",
      "deit train: its process was ended by SIGABRT; it continues from its last checkpoint",
      "deit train: its process was ended by SIGSEGV; it continues from its last checkpoint",
      "deit train: its device was lost; it continues from its last checkpoint",
      "deit train: its process was ended by SIGKILL; it continues from its last checkpoint",
      "",
    ]);
  });

  it("starts its run again if it died before there was a folder", async () => {
    const { status, lives } = await lived("await notify({ run }); await die('SIGKILL')", "exit(0)");
    expect({ status, lives }).toEqual({ status: 0, lives: [FIRST, FIRST] });
  });

  it("is given up if it keeps dying at the same step", async () => {
    const { status, lives, stderr } = await lived("await begin(); await step(7); await die('SIGKILL')");
    expect({ status, lives }).toEqual({ status: 2, lives: [FIRST, AGAIN, AGAIN] });
    expect(stderr).toMatch(/\ndeit train: its process was ended by SIGKILL, 3 times without a step of progress; --resume tries again\n$/);
  });
});

describe("needsSupervision", () => {
  it.each([
    ["check --engine webgpu", true],
    ["train digits --engine=webgpu --json", true],
    ["train digits --engine wasm", false],
    ["train webgpu", false],
    ["compare digits --engine webgpu", false], // its runs are supervised instead
    ["explain E7 --engine webgpu", false], // plans, and uses no device
    ["engines", false],
  ])("deit %s: %s", (line, needs) => {
    expect(needsSupervision(line.split(" "))).toBe(needs);
  });
});
