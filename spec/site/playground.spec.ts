/** The playground in the packaged Chromium, against the same training in Node, `deit inspect` and `deit verify`. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { parseNpz } from "#deit/formats.js";
import { deitHere } from "../cli/inProcess.ts";
import { inChromium } from "../browser/suite.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { trainedInNode } from "./playgroundInNode.ts";
import { PATIENCE_MS, playgroundPages, SHORT, testAllOpen } from "./playgroundSuite.ts";

const STEPS = 5;

/** Waits until the training stands at a step. */
const standsAt = async (page: Page, step: number): Promise<void> =>
  page.locator(`[data-step="${step}"]:is([data-state="ready"], [data-state="ended"])`).waitFor({ timeout: PATIENCE_MS });

/** Sends the training to a step. */
async function goTo(page: Page, step: number): Promise<void> {
  await page.getByLabel("Step", { exact: true }).fill(`${step}`);
  await page.getByRole("button", { name: "Go there" }).click();
  await standsAt(page, step);
}

const lastLosses = (page: Page): Promise<readonly number[]> =>
  page.$$eval("[data-loss]", (cells) => cells.map((cell) => Number(cell.getAttribute("data-loss"))));

const number = async (page: Page, selector: string, attribute: string): Promise<number> =>
  Number(await page.locator(selector).first().getAttribute(attribute));

inChromium("the playground", (browser) => {
  const opened = playgroundPages(browser);

  it("trains digits to more than 90 % on the WASM engine of an isolated page, and goes back and changes settings meanwhile", async () => {
    const page = await opened("isolated", "");
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await page.waitForFunction(
      () => document.querySelectorAll(".top1 [data-head]").length === 3 && [...document.querySelectorAll(".top1 [data-head]")].every((one) => Number(one.getAttribute("data-value")) >= 0.9), // prettier-ignore
      null,
      { timeout: PATIENCE_MS },
    );
    await page.getByLabel("Learning rate, largest of the schedule").fill("0.001");
    const step = await number(page, "[data-step]", "data-step");
    await page.waitForFunction((from) => Number(document.querySelector("[data-step]")?.getAttribute("data-step")) > from + 5, step); // a slow typist
    await page.getByLabel("Learning rate, largest of the schedule").press("Tab");
    await page.getByRole("button", { name: "Pause" }).click();
    await page.locator('[data-state="ready"]').waitFor({ timeout: PATIENCE_MS });
    expect(page.url()).toMatch(/changes=\d+\.lr\.0\.001/);
    await goTo(page, 0);
    expect(page.url()).not.toContain("changes=");
  });

  it("computes on a page that is not isolated the losses of Node bit by bit, to which it can return and be sent by a link", async () => {
    const { losses } = await trainedInNode(SHORT, [STEPS]);
    const page = await opened("plain", SHORT);
    for (let step = 1; step <= STEPS; step++) {
      await page.getByRole("button", { name: "One step" }).click();
      await standsAt(page, step);
    }
    expect(await lastLosses(page)).toEqual(losses);
    await goTo(page, 2);
    expect(await lastLosses(page)).toEqual(losses.slice(0, 2));

    await page.getByLabel("Temperature τ (soft)").fill("5");
    await page.getByLabel("Learns from").selectOption("soft");
    await goTo(page, STEPS);
    const changed = await lastLosses(page);
    expect(changed.slice(0, 2)).toEqual(losses.slice(0, 2));
    expect(changed.slice(2)).not.toEqual(losses.slice(2));

    const linked = await opened("plain", new URL(page.url()).search.slice(1));
    await standsAt(linked, STEPS);
    expect(await lastLosses(linked)).toEqual(changed);
  });

  it("computes the losses of Node on WebGPU, up to rounding", async () => {
    const { losses } = await trainedInNode(`${SHORT}&teacher=none`, [STEPS]);
    const page = await opened("isolated", `${SHORT}&teacher=none&engine=webgpu`);
    await goTo(page, STEPS);
    const gaps = (await lastLosses(page)).map((loss, i) => Math.abs(loss - (losses[i] ?? NaN)));
    expect(gaps.length).toBe(STEPS);
    expect(Math.max(...gaps)).toBeLessThan(1e-3);
  });

  it("shows the attention of deit inspect, and the dot product behind each cell", async () => {
    const INDEX = 7;
    const { weights } = await trainedInNode(SHORT, [STEPS]);
    const folder = temporaryFolder();
    const file = join(folder, "weights.safetensors");
    writeFileSync(file, weights);
    const out = join(folder, "seen");
    expect(
      (await deitHere("inspect", file, "digits:test", "--index", `${INDEX}`, "--images", "1", "--engine", "wasm", "--out", out)).status,
    ).toBe(0);
    const taps = parseNpz(readFileSync(join(out, "intermediates.npz")));

    const page = await opened("plain", SHORT);
    await goTo(page, STEPS);
    await page.getByLabel(/^Test digit,/).fill(`${INDEX}`);
    await page.getByLabel(/^Test digit,/).press("Enter");
    await page.getByText(/^its label: /).waitFor();
    const attention = page.locator("[data-part=attention]");
    const choose = (which: number, value: number): Promise<unknown> => attention.locator("select").nth(which).selectOption(`${value}`);
    const shares = (): Promise<readonly number[]> =>
      attention.locator("[data-share]").evaluateAll((cells) => cells.map((cell) => Number(cell.getAttribute("data-share"))));
    const [blocks, heads, tokens] = [3, 4, 11];
    for (let block = 0; block < blocks; block++) {
      const probs = taps.get(`blocks.${block}.attn.probs`);
      for (const token of [0, 1])
        for (let head = 0; head < heads; head++) {
          await choose(0, block);
          await choose(1, token);
          await choose(2, head);
          const row = (head * tokens + token) * tokens;
          const expected = Array.from(probs?.data.subarray(row + 2, row + tokens) ?? [], Number);
          await expect.poll(shares, { timeout: PATIENCE_MS }).toEqual(expected); // the digit before it stays until this one is computed
          const [sum, score, probability] = [
            await number(page, "[data-sum]", "data-sum"),
            await number(page, "[data-sum]", "data-score"),
            await number(page, "[data-sum]", "data-probability"),
          ];
          expect(Math.abs(sum / Math.sqrt(64 / heads) - score)).toBeLessThan(1e-5);
          expect(probability).toBe(expected[0]);
        }
    }
  });

  it("verifies: a right recording is accepted, a planted error is located and named, and what is no recording is refused", async () => {
    const page = await opened("plain", SHORT);
    const verify = page.locator("[data-part=verify]");
    const verdictOf = async (path: string): Promise<readonly (string | null)[]> => {
      await verify.locator("input").setInputFiles([]);
      await verify.locator("input").setInputFiles(path);
      const verdict = verify.locator(".verdict");
      await verdict.waitFor({ timeout: PATIENCE_MS });
      return Promise.all(["data-match", "data-first", "data-named"].map((name) => verdict.getAttribute(name)));
    };
    expect(await verdictOf("fixtures/recordings/tiny-distilled-hard-f64.safetensors")).toEqual(["true", null, ""]);
    const [match, first, named] = await verdictOf("fixtures/planted/gelu-tanh.hash-hard-f64.everywhere.safetensors");
    const planted: readonly { readonly file: string; readonly first: string }[] = JSON.parse(
      readFileSync("fixtures/planted/index.json", "utf8"),
    );
    expect({ match, first, named }).toEqual({
      match: "false",
      first: planted.find(({ file }) => file === "gelu-tanh.hash-hard-f64.everywhere.safetensors")?.first,
      named: "gelu-tanh",
    });
    expect(await verify.frameLocator("iframe").locator("h1").textContent()).toContain("gelu-tanh");
    expect(await verdictOf("fixtures/digits/digits.safetensors")).toEqual([null, null, null]);
  });

  it("breaks the student with a variant, which verify names, and finds nothing wrong with the student itself", async () => {
    const page = await opened("plain", SHORT);
    const part = page.locator("[data-part=break]");
    const brokenBy = async (variant: string): Promise<string | null> => {
      await part.getByLabel("Mistake").selectOption(variant);
      await part.getByRole("button").click();
      await part.locator(".verdict").waitFor({ timeout: PATIENCE_MS });
      return part.locator(".verdict").getAttribute("data-named");
    };
    expect(await brokenBy("gelu-tanh")).toBe("gelu-tanh");
    expect(await brokenBy("")).toBe("");
    expect(await part.locator(".verdict").getAttribute("data-match")).toBe("true");
  });

  it("classifies with weights under timm's names, and shows their attention", async () => {
    const { weights } = await trainedInNode(SHORT, [0]);
    const file = join(temporaryFolder(), "own.safetensors");
    writeFileSync(file, weights);
    const page = await opened("plain", SHORT);
    const part = page.locator("[data-part=own]");
    await part.locator('input[type="file"]').first().setInputFiles(file);
    await part.getByText("own.safetensors: 3 blocks, width 64, 4 heads, 24 × 24 pixels, 10 classes.").waitFor({ timeout: PATIENCE_MS });
    await part.locator('input[type="file"]').last().setInputFiles("fixtures/preprocess/source/landscape.jpg");
    await part.locator("[data-probability]").first().waitFor({ timeout: PATIENCE_MS });
    const shares = await part.locator("[data-share]").evaluateAll((cells) => cells.map((cell) => Number(cell.getAttribute("data-share"))));
    expect(shares.length).toBe(9);
    expect(Math.max(...shares)).toBeLessThan(1);
  });

  it("predicts what is drawn by hand", async () => {
    const page = await opened("plain", SHORT);
    const canvas = page.locator(".draw canvas");
    const box = await canvas.boundingBox();
    const across = (share: number): { readonly position: { readonly x: number; readonly y: number } } => ({
      position: { x: (box?.width ?? 0) / 2, y: share * (box?.height ?? 0) },
    });
    await canvas.hover(across(0.1)); // waits until the page above it, which still grows, does not move it any more
    await page.mouse.down();
    for (const share of [0.3, 0.5, 0.7, 0.9]) await canvas.hover(across(share));
    await page.mouse.up();
    await page.getByText(/^its label: /).waitFor({ state: "detached", timeout: PATIENCE_MS });
    const probabilities = await page.locator(".predictions").first().locator('[data-by="class"] [data-probability]').count();
    expect(probabilities).toBe(3);
  });

  testAllOpen("playground", opened);
});
