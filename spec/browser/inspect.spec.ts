/** The layout of the page of `deit inspect` in a browser. */
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { deitHere } from "../cli/inProcess.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { inChromium } from "./suite.ts";

const photo = fileURLToPath(new URL("../../fixtures/preprocess/source/landscape.jpg", import.meta.url));

/** Runs in the page: its width and height after all pictures are loaded, which otherwise happens when they are scrolled into view. */
const LOADED = `(async () => {
  for (const image of document.images) image.loading = "eager";
  await Promise.all([...document.images].map((image) => image.decode()));
  return [document.documentElement.scrollWidth, document.documentElement.scrollHeight];
})()`;

inChromium("the page of an inspection", (browser) => {
  it("with 12 blocks is as wide as the window, and in a wide window at most five thousand pixels long", async () => {
    const out = join(temporaryFolder(), "seen");
    const model = ["--model", "deit-tiny-distilled", "--image-size", "32"];
    expect((await deitHere("inspect", "hash:0", photo, ...model, "--out", out)).status).toBe(0);
    const page = await browser().newPage();
    const sizeAt = async (width: number): Promise<readonly number[]> => {
      await page.setViewportSize({ width, height: 900 });
      await page.goto(pathToFileURL(join(out, "index.html")).href);
      const size: unknown = await page.evaluate(LOADED);
      return Array.isArray(size) ? size.map(Number) : [];
    };
    const [narrow, wide] = [await sizeAt(390), await sizeAt(1280)];
    await page.close();
    expect([narrow[0], wide[0]]).toEqual([390, 1280]);
    expect(wide[1]).toBeLessThan(5000);
  });
});
