/** The process that has started this one. */

/** Ends this process when the one that started it with a channel ends, however it does: by SIGTERM, so that a run saves first. */
export function endWithParent(): void {
  process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
  process.channel?.unref();
}
