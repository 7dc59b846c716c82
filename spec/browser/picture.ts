/** `npm run picture -- RUN`: writes a screenshot of the top of a run's report, in the packaged Chromium, to docs/report.png. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import { startChromium } from "./chromium.ts";

/** The size of the screenshot, in CSS pixels; it reaches down to the examples of attention. */
const [WIDTH, HEIGHT] = [1000, 2080];
/** Few colours keep the PNG small. */
const COLOURS = 64;

const [run = "runs/demo-0"] = process.argv.slice(2);
const browser = await startChromium();
const page = await browser.newPage({ viewport: { width: WIDTH, height: HEIGHT } });
await page.goto(pathToFileURL(resolve(run, "report.html")).href);
const picture = await page.screenshot();
await browser.close();
await sharp(picture).png({ palette: true, colours: COLOURS, compressionLevel: 9, effort: 10 }).toFile("docs/report.png");
