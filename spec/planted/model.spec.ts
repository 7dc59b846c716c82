import { describe } from "vitest";
import { eachIsCaught, theRightOpsPass } from "../helpers/planted.ts";
import { lossErrors } from "./errors/losses.ts";
import { modelErrors } from "./errors/model.ts";

const errors = [...lossErrors, ...modelErrors];

describe("an error in a loss or in a part of the model", () => {
  eachIsCaught(errors);
});

describe("a loss or a part of the model", () => {
  theRightOpsPass(errors);
});
