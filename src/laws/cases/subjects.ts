/** Every op of this project as a subject, with a generator of its random calls. */
import type { Subject } from "../../check/laws/subject.ts";
import { lossSubjects } from "./subjects/losses.ts";
import { modelSubjects } from "./subjects/model.ts";
import { opSubjects } from "./subjects/ops.ts";
import { teacherSubjects } from "./subjects/teacher.ts";

export const allSubjects: readonly Subject[] = [...opSubjects, ...lossSubjects, ...modelSubjects, ...teacherSubjects];
