import { describe } from "vitest";
import { eachIsCaught, theRightOpsPass } from "../helpers/planted.ts";
import { teacherErrors } from "./errors/teacher.ts";

describe("an error in the teacher", () => {
  eachIsCaught(teacherErrors);
});

describe("an op of the teacher", () => {
  theRightOpsPass(teacherErrors);
});
