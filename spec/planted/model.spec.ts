/** Planted errors in losses and in parts of the model. */
import { inEachPrecision } from "../helpers/engines.ts";
import { eachIsCaught, theRightOpsPass } from "../helpers/planted.ts";
import { lossErrors } from "./errors/losses.ts";
import { modelErrors } from "./errors/model.ts";

const errors = [...lossErrors, ...modelErrors];

inEachPrecision((suite) => {
  eachIsCaught(suite, errors);
  theRightOpsPass(suite, errors);
});
