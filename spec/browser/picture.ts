/** `npm run picture -- RUN`: what the tokens of a trained model attend to, from the run's report, in docs/attention.png. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import { startChromium } from "./chromium.ts";

/** The size of the page in CSS pixels. */
const viewport = { width: 1000, height: 800 };
/** The space around the cards in CSS pixels. */
const MARGIN = 16;
/** Colours of the PNG, which keep it small. */
const COLOURS = 64;

const [run = "runs/demo-0"] = process.argv.slice(2);
const browser = await startChromium();
const page = await browser.newPage({ viewport });
await page.goto(pathToFileURL(resolve(run, "report.html")).href);
const box = await page.locator(".card").nth(2).boundingBox();
if (box === null) throw new Error(`${run} has no report with three test images`);
const clip = { x: 0, y: box.y - MARGIN, width: viewport.width, height: box.height + 2 * MARGIN };
const picture = await page.screenshot({ fullPage: true, clip });
await browser.close();
await sharp(picture).png({ palette: true, colours: COLOURS, compressionLevel: 9, effort: 10 }).toFile("docs/attention.png");
