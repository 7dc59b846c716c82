import { describe, expect, it } from "vitest";
import { eachIsCaught, rejected, theRightOpsPass, verdictWith } from "../helpers/planted.ts";
import { arithmeticErrors } from "./errors/arithmetic.ts";
import { layoutErrors } from "./errors/layout.ts";

const errors = [...arithmeticErrors, ...layoutErrors];

describe("an error in an op", () => {
  eachIsCaught(errors);
});

describe("an op", () => {
  theRightOpsPass(errors);
});

describe("an error in softmax", () => {
  const [error] = arithmeticErrors.filter(({ name }) => name === "softmax");
  it.each(["attention", "selfAttention", "block", "encoder", "deitLogits"])("reaches %s, which contains it", async (name) => {
    expect(error && (await verdictWith(error, name))).toMatch(rejected(name));
  });
});
