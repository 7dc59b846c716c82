/** Links of the built site: each leads to a page, and to an element of that page. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { BASE, builtPages, builtSite, site } from "./built.ts";

const BUILD_TIMEOUT_MS = 240_000;

beforeAll(builtSite, BUILD_TIMEOUT_MS);

const read = (page: string): string => readFileSync(join(site, page), "utf8").replaceAll(/<script\b[^]*?<\/script>/g, "");

const unescaped = (text: string): string => text.replaceAll("&amp;", "&").replaceAll("&quot;", '"').replaceAll("&#39;", "'");

const known = new Map<string, ReadonlySet<string>>();
function idsOf(page: string): ReadonlySet<string> {
  const ids = known.get(page) ?? new Set([...read(page).matchAll(/\bid="([^"]+)"/g)].map(([, id = ""]) => unescaped(id)));
  known.set(page, ids);
  return ids;
}

/** The file that a host sends for a path of the site; null: none. */
function fileOf(path: string): string | null {
  const inside = decodeURI(path.slice(BASE.length));
  const candidates = [inside, `${inside}index.html`, `${inside}/index.html`];
  return candidates.find((name) => existsSync(join(site, name)) && !statSync(join(site, name)).isDirectory()) ?? null;
}

/** Links of a page that lead nowhere. */
function deadLinks(page: string): readonly string[] {
  const hrefs = [...read(page).matchAll(/<a\b[^>]*?\bhref="([^"]*)"/g)].map(([, href = ""]) => unescaped(href));
  return hrefs.filter((href) => {
    const url = new URL(href, `http://site${BASE}${page}`);
    if (url.host !== "site") return false;
    const file = url.pathname.startsWith(BASE) ? fileOf(url.pathname) : null;
    if (file === null) return true;
    return url.hash !== "" && !idsOf(file).has(decodeURIComponent(url.hash.slice(1)));
  });
}

describe("the built site", () => {
  it("has many pages", () => {
    expect(builtPages().length).toBeGreaterThan(150);
  });

  it("has only links that lead to an element of a page", () => {
    const dead = builtPages().flatMap((page) => deadLinks(page).map((href) => `${page}: ${href}`));
    expect(dead).toEqual([]);
  });

  it("loads nothing from another host", () => {
    const foreign = builtPages().flatMap((page) =>
      [...read(page).matchAll(/<(?:script|link|img|iframe|source)\b[^>]*?\b(?:src|href)="(https?:[^"]*|\/\/[^"]*)"/g)].map(
        ([, url]) => `${page}: ${url}`,
      ),
    );
    expect(foreign).toEqual([]);
  });
});
