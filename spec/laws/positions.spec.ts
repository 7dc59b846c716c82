/** Resizing the position embedding: (E16), (E17), (G19) and timm's rule. */
import { positionRows } from "../../src/laws/rows/positions.ts";
import { onEachEngine } from "../helpers/engines.ts";
import { eachRowHolds } from "../helpers/laws.ts";

onEachEngine((suite) => {
  eachRowHolds(suite, positionRows, { cases: 50, seed: 12 });
});
