import { availableParallelism } from "node:os";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { workersOption } from "../../src/cli/options.ts";

const workers = (...args: readonly string[]): unknown =>
  new Command("deit")
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .addOption(workersOption())
    .parse([...args], { from: "user" })
    .opts()["workers"];

describe("--workers", () => {
  it("is a natural number, and all cores but one by default", () => {
    expect(workers()).toBe(availableParallelism() - 1);
    expect(workers("--workers", "0")).toBe(0);
    expect(workers("--workers", "5")).toBe(5);
    expect(workers("--workers", `${8 * availableParallelism()}`)).toBe(8 * availableParallelism());
  });

  it.each(["-1", "1.5", "many"])("refuses %s", (count) => {
    expect(() => workers("--workers", count)).toThrow("It must be an integer of at least 0.");
  });

  it("refuses more threads than the machine can hold", () => {
    const most = 8 * availableParallelism();
    expect(() => workers("--workers", `${most + 1}`)).toThrow(`It must be at most ${most}.`);
  });
});
