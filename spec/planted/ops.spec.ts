/** Planted errors in ops. */
import { describe, expect, it } from "vitest";
import { inEachPrecision } from "../helpers/engines.ts";
import { eachIsCaught, rejected, theRightOpsPass, verdictWith } from "../helpers/planted.ts";
import { arithmeticErrors } from "./errors/arithmetic.ts";
import { layoutErrors } from "./errors/layout.ts";

const errors = [...arithmeticErrors, ...layoutErrors];

inEachPrecision((suite) => {
  eachIsCaught(suite, errors);
  theRightOpsPass(suite, errors);

  describe("an error in softmax", () => {
    const [error] = arithmeticErrors.filter(({ name }) => name === "softmax");
    it.each(["attention", "selfAttention", "block", "encoder", "deitLogits"])("reaches %s, which contains it", async (name) => {
      expect(error && (await verdictWith(await suite.made, error, name))).toMatch(rejected(name));
    });
  });
});
