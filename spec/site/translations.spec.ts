/** The Chinese pages of the built site in the packaged Chromium, in dark colours. */
import { inChromium } from "../browser/suite.ts";
import { translatedPages } from "./pages.ts";
import { testPages } from "./pageSuite.ts";
import { playgroundPages, testAllOpen } from "./playgroundSuite.ts";

inChromium("the site in Chinese", (browser) => {
  testPages(
    browser,
    translatedPages
      .filter(({ name }) => name !== "playground")
      .map(({ name }) => ({ path: `zh/${name}`, schemes: ["dark"], chapter: name.startsWith("learn/") })),
  );
  testAllOpen("zh/playground", playgroundPages(browser));
});
