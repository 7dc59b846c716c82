/** Which part of the divided specs runs: what `npm test` runs, what it leaves to `npm run test:slow`, or all (vitest.config.ts). */
export const lane: "fast" | "slow" | "all" = ((): "fast" | "slow" | "all" => {
  const name = process.env["DEIT_LANE"];
  if (name === "fast" || name === "slow" || name === "all") return name;
  throw new Error("DEIT_LANE is not set: vitest.config.ts sets it");
})();
