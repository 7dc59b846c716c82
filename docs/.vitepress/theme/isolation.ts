/**
 * Makes the page cross-origin isolated where the host does not: a service worker adds the headers, and the page is loaded once more. Where that is not
 * possible, everything runs on one thread.
 */

/** Remembers within a tab that the page has been loaded once more. */
const RELOADED = "deit-isolation-reloaded";
/** After this time the reader has begun to use the page, which is then left as it is; the next page will be isolated. */
const LATEST_MS = 4000;

/** @param base the path of the site, with a slash at its end */
export async function isolate(base: string): Promise<void> {
  if (crossOriginIsolated || !isSecureContext || !("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register(`${base}isolation.js`, { scope: base });
    await navigator.serviceWorker.ready;
    if (sessionStorage.getItem(RELOADED) !== null || performance.now() > LATEST_MS) return;
    sessionStorage.setItem(RELOADED, "");
    location.reload();
  } catch {
    // a browser that allows neither service workers nor storage: one thread
  }
}
