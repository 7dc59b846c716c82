/** Planted errors in the teacher. */
import { inEachPrecision } from "../helpers/engines.ts";
import { eachIsCaught, theRightOpsPass } from "../helpers/planted.ts";
import { teacherErrors } from "./errors/teacher.ts";

inEachPrecision((suite) => {
  eachIsCaught(suite, teacherErrors);
  theRightOpsPass(suite, teacherErrors);
});
