/** Errors in a loss or in a part of the model. */
import { onEachEngine } from "../helpers/engines.ts";
import { eachIsCaught, theRightOpsPass } from "../helpers/planted.ts";
import { lossErrors } from "./errors/losses.ts";
import { modelErrors } from "./errors/model.ts";

const errors = [...lossErrors, ...modelErrors];

onEachEngine((suite) => {
  eachIsCaught(suite, errors);
  theRightOpsPass(suite, errors);
});
