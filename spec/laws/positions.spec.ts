/** Resizing the position embedding: (E16), (E17), (G19) and timm's rule. */
import { describe, expect, it } from "vitest";
import { runRow } from "../../src/check/row.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { positionRows } from "../../src/laws/positions.ts";

describe("the resized position embedding holds:", () => {
  it.each(positionRows.map((row) => [`${row.id}, ${row.title}`, row] as const))("%s", async (_, row) => {
    expect(await runRow(row, referenceEngine(), { cases: 50, seed: 12 })).toMatchObject({ status: "ok", cases: 50 });
  });
});
