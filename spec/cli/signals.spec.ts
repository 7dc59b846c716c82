import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const MODULE = fileURLToPath(new URL("../../dist/cli/runs/signals.js", import.meta.url));

/** A process that watches for signals, says when it does and when it is to stop, and never ends by itself. */
const PROGRAM = `
import { watchSignals } from ${JSON.stringify(MODULE)};
const { stopping } = watchSignals();
console.log("watching");
let said = false;
setInterval(() => { if (stopping() && !said) { said = true; console.log("stopping"); } }, 5);
`;

/** Sends signals, each as many ms after the one before as is given. Returns how the process ended, and what it said; null: it did not end. */
async function sent(
  ...signals: readonly (readonly [after: number, signal: NodeJS.Signals])[]
): Promise<readonly [status: unknown, said: string]> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", PROGRAM], { stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(child, "exit");
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  while (!said.includes("watching")) await sleep(5);
  for (const [i, [after, signal]] of signals.entries()) {
    await sleep(after);
    child.kill(signal);
    if (i === 0) while (!said.includes("stopping")) await sleep(5); // the later ones are timed from when the first was heard
  }
  const last = await Promise.race([ended, sleep(1000, null)]);
  child.kill("SIGKILL");
  return [last === null ? null : last[0], said];
}

describe("signals of a run", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("the first, %s, lets it save", async (signal) => {
    expect(await sent([0, signal])).toEqual([null, "watching\nstopping\n"]);
  });

  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("a second, %s, ends it at once with status 130", async (signal) => {
    const [status] = await sent([0, "SIGINT"], [500, signal]);
    expect(status).toBe(130);
  });

  it("the same one twice at once, as npx passes Ctrl-C on, counts once", async () => {
    expect((await sent([0, "SIGINT"], [0, "SIGINT"]))[0]).toBeNull();
  });
});
