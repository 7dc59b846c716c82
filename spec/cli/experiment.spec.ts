/** What `deit experiment` says before anything is trained; experimentRuns.spec.ts trains. */
import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { experiments } from "../../src/experiments/list.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { deitHere, deitIn } from "./inProcess.ts";

const names = [...experiments.keys()].join(", ");

describe("deit experiment", () => {
  it("lists what each asks, its cost, its power and the paper's numbers", async () => {
    const { status, stdout } = await deitHere("experiment", "--list");
    expect(status).toBe(0);
    expect(stdout).toContain("distillation: Distillation methods (Table 3)\n");
    expect(stdout).toMatch(
      / on digits: 10 seeds, about \d+ minutes on two cores; sees a difference of \+1\.19 points in 80 % of all repetitions/,
    );
    expect(stdout).toMatch(/^ {4}⚗ both heads +83\.4 +%$/m);
    expect(stdout).toContain("? Hard distillation is better than none.");
  });

  it.each([
    [[], `an experiment must be named: ${names}; --list says what each asks`],
    [["destillation"], `unknown experiment "destillation"; known: ${names}`],
    [["distillation", "--data", "imagenet"], "--data imagenet: experiment distillation is made for digits or cifar10:PATH"],
    [["distillation", "--data", "cifar10:"], "--data cifar10:: experiment distillation is made for digits or cifar10:PATH"],
    [["data-efficiency"], "experiment data-efficiency needs images: --data cifar10:PATH"],
    [["distillation", "--data", "cifar10:nowhere"], 'data: cifar10:PATH needs a folder or archive, there is no "nowhere"'],
    [
      ["distillation", "--seeds", "0"],
      "option '--seeds <n>' argument '0' is invalid. It must be an integer of at least 1; see deit experiment --help",
    ],
    [
      ["distillation", "--jobs", "two"],
      "option '--jobs <n>' argument 'two' is invalid. It must be an integer of at least 1; see deit experiment --help",
    ],
    [
      ["distillation", "--budget=-1"],
      "option '--budget <minutes>' argument '-1' is invalid. It must be an integer of at least 1; see deit experiment --help",
    ],
  ])("%j is refused in one line, and nothing is written", async (args, message) => {
    const folder = temporaryFolder();
    const { status, stdout, stderr } = await deitIn(folder, "experiment", ...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toBe(`deit experiment: ${message}\n`);
    expect(readdirSync(folder)).toEqual([]);
  });
});
