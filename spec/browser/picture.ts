/** `npm run picture -- RUN`: the head of a run's report, as the packaged Chromium draws it, in docs/report.png. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import { startChromium } from "./chromium.ts";

/** In CSS pixels: the page down to the examples of attention. */
const [WIDTH, HEIGHT] = [1000, 2080];
/** Colours of the PNG, which keeps it small. */
const COLOURS = 64;

const [run = "runs/demo-0"] = process.argv.slice(2);
const browser = await startChromium();
const page = await browser.newPage({ viewport: { width: WIDTH, height: HEIGHT } });
await page.goto(pathToFileURL(resolve(run, "report.html")).href);
const picture = await page.screenshot();
await browser.close();
await sharp(picture).png({ palette: true, colours: COLOURS, compressionLevel: 9, effort: 10 }).toFile("docs/report.png");
