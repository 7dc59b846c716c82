/** Errors in the teacher. */
import { onEachEngine } from "../helpers/engines.ts";
import { eachIsCaught, theRightOpsPass } from "../helpers/planted.ts";
import { teacherErrors } from "./errors/teacher.ts";

onEachEngine((suite) => {
  eachIsCaught(suite, teacherErrors);
  theRightOpsPass(suite, teacherErrors);
});
