/** `npm run pictures`, after `npm run docs:build`: the first screens of three pages of the site, in docs/site.png, docs/chapter.png and docs/playground.png. */
import sharp from "sharp";
import { serveBuiltSite } from "./builtSite.ts";
import { startChromium } from "./chromium.ts";
/** The window in CSS pixels. */
const viewport = { width: 1280, height: 800 };
/** The width of the pictures, and their colours, which keep them small. */
const WIDTH = 720;
const COLOURS = 16;

/** Each picture: its page, and what it waits for before it is taken. */
const pictures = [
  { name: "site", page: "index.html", ready: "[data-gradient] span" },
  { name: "chapter", page: "learn/attention.html", ready: ".formula" },
  { name: "playground", page: "playground.html", ready: '[data-state="ready"]' },
];

const site = await serveBuiltSite();
const browser = await startChromium();
const page = await browser.newPage({ viewport });
for (const { name, page: path, ready } of pictures) {
  await page.goto(new URL(path, site.url).href);
  await page.locator(ready).first().waitFor();
  const picture = await page.screenshot();
  await sharp(picture).resize(WIDTH).png({ palette: true, colours: COLOURS, compressionLevel: 9, effort: 10 }).toFile(`docs/${name}.png`);
}
await browser.close();
site.close();
