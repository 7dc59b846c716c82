import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { deitHere } from "./inProcess.ts";

const fixture = (path: string): string => fileURLToPath(new URL(`../../fixtures/${path}.safetensors`, import.meta.url));

const RIGHT = fixture("recorded/hf-plain-f64");
const TANH = fixture("planted/gelu-tanh.hash-hard-f64.everywhere");

const folder = mkdtempSync(join(tmpdir(), "verify-report-"));
const at = (name: string): string => join(folder, name);

describe("deit verify --report", () => {
  it("writes a page in addition to what it prints, with the same exit status", async () => {
    const { status, stdout, stderr } = await deitHere("verify", TANH, "--report", at("tanh.html"));
    expect({ status, stderr }).toEqual({ status: 1, stderr: "" });
    expect(stdout).toMatch(/mismatch: first at taps\/blocks\.0\.mlp\.gelu/);
    expect(stdout.trimEnd().split("\n").at(-1)).toBe(`${at("tanh.html")} shows it`);
    const page = readFileSync(at("tanh.html"), "utf8");
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).toMatch(/gelu-tanh\.hash-hard-f64\.everywhere\.safetensors/);
    expect(page).toMatch(/engine wasm, f32, deit \d+\.\d+\.\d+/);
    expect(page.length).toBeLessThan(2e6);
  });

  it("prints the same JSON with a page as without", async () => {
    const [plain, drawn] = [
      await deitHere("verify", RIGHT, "--json"),
      await deitHere("verify", RIGHT, "--json", "--report", at("right.html")),
    ];
    expect(drawn).toEqual(plain);
    expect(readFileSync(at("right.html"), "utf8")).toMatch(/✓ match/);
  });

  const refused: readonly (readonly [why: string, args: () => readonly string[], says: RegExp])[] = [
    ["several files", () => [RIGHT, TANH, "--report", at("several.html")], /--report draws one recording, got 2/],
    ["a missing folder", () => [TANH, "--report", join(folder, "nowhere", "out.html")], /there is no folder .*nowhere/],
    [
      "a folder as the page",
      () => {
        mkdirSync(at("taken.html"), { recursive: true });
        return [TANH, "--report", at("taken.html")];
      },
      /taken\.html is a folder; name a file in it/,
    ],
    [
      "the recording itself",
      () => {
        copyFileSync(TANH, at("own.safetensors"));
        return [at("own.safetensors"), "--report", at("own.safetensors")];
      },
      /is the recording itself; name another file/,
    ],
    ["a missing file name", () => [TANH, "--report"], /--report <file>/],
    ["a file that is not a recording", () => [at("tanh.html"), "--report", at("none.html")], /tanh\.html/],
  ];

  it.each(refused)("refuses %s in one line and writes nothing", async (_, args, says) => {
    const given = args();
    const before = readdirSync(folder);
    const { status, stdout, stderr } = await deitHere("verify", ...given);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^deit verify: [^\n]+\n$/);
    expect(stderr).toMatch(says);
    expect(readdirSync(folder)).toEqual(before);
    expect(existsSync(at("own.safetensors")) ? readFileSync(at("own.safetensors")).equals(readFileSync(TANH)) : true).toBe(true);
  });
});
