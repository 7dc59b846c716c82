/** Opens a page whose worker does jobs on request. */
import type { Browser } from "playwright-core";
import type { Jobs } from "./page/jobs.ts";
import type { Answer, Question } from "./page/worker.ts";

type Result<Name extends keyof Jobs> = Awaited<ReturnType<Jobs[Name]>>;

/** A function of the page (page/page.ts). */
declare const ask: <Name extends keyof Jobs>(question: Question) => Promise<Answer<Result<Name>>>;

export interface OpenPage {
  /**
   * Does a job in the page's worker.
   *
   * @throws Error with the text of the error that the job throws
   */
  readonly ask: <Name extends keyof Jobs>(job: Name, ...of: Parameters<Jobs[Name]>) => Promise<Result<Name>>;
  /** The number of running workers, including workers of workers. */
  readonly workers: () => number;
  readonly close: () => Promise<void>;
}

export async function openPage(browser: Browser, url: string): Promise<OpenPage> {
  const page = await browser.newPage();
  await page.goto(url);
  return {
    ask: async <Name extends keyof Jobs>(job: Name, ...of: Parameters<Jobs[Name]>): Promise<Result<Name>> => {
      const answer: Answer<Result<Name>> = await page.evaluate((question) => ask<Name>(question), { job, of });
      if ("error" in answer) throw new Error(answer.error);
      return answer.value;
    },
    workers: () => page.workers().length,
    close: () => page.close(),
  };
}
