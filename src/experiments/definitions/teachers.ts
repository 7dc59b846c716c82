/** Table 2: which teacher is best for a transformer. */
import { changed, none, token } from "../arms.ts";
import type { Arm, Experiment } from "../experiment.ts";
import { more, top1, onCifar } from "../terms.ts";

/** A teacher: the arm of its student, and the paper's accuracies of the teacher and of its student. */
interface Teacher {
  readonly name: string;
  readonly arm: Arm;
  readonly paper: readonly [teacher: number | null, student: number | null];
}

const convNet = (name: string, ...changes: readonly string[]): Arm => changed(token, name, ...changes);

/** The transformer: the student that had no teacher. */
const transformer: Teacher = {
  name: "transformer",
  arm: changed(token, "taught-by-transformer", "teacher.run={none}"),
  paper: [81.8, 81.9],
};
/** Its first epochs only, after which it is about as good as the transformer. */
const equallyGood: Teacher = {
  name: "ConvNet as good as it",
  arm: convNet("taught-by-equal", "teacher.training.epochs=10"),
  paper: [81.7, 82.7],
};
const small: Teacher = {
  name: "small ConvNet",
  arm: convNet("taught-by-small", "teacher.model.widths=[16,32,64]", "teacher.model.depths=[1,1,1]"),
  paper: [80.0, 82.7],
};
const medium: Teacher = { name: "medium ConvNet", arm: token, paper: [82.4, 83.0] };
const large: Teacher = {
  name: "large ConvNet",
  arm: convNet("taught-by-large", "teacher.model.widths=[48,96,192]"),
  paper: [82.9, 83.0],
};
const listed = [transformer, equallyGood, small, medium, large];

const itself = ({ name }: Teacher): string => name;
const student = ({ name }: Teacher): string => `student of the ${name}`;
const NONE = "student without a teacher";

export const teachers: Experiment = {
  name: "teachers",
  title: "Teachers",
  question: "Is a ConvNet a better teacher for a transformer than a transformer that is as good, and does a better ConvNet teach better?",
  source: "Table 2",
  paper: "DeiT-B and RegNetY-8GF (the equally good), 4GF, 12GF and 16GF as teachers of DeiT-B, 224",
  arms: [none, ...listed.map(({ arm }) => arm)],
  measurements: [],
  alone: false,
  quantities: [
    ...listed.map((teacher) => top1(itself(teacher), teacher.arm, "teacher", teacher.paper[0])),
    top1(NONE, none, "class", 81.8),
    ...listed.map((teacher) => top1(student(teacher), teacher.arm, "mean", teacher.paper[1])),
  ],
  claims: [
    more("A ConvNet teaches better than a transformer that is as good.", student(equallyGood), student(transformer), 0.8),
    more("A ConvNet’s student is better than one without a teacher.", student(medium), NONE, 1.2),
    more("A transformer’s student is better than one without a teacher.", student(transformer), NONE, 0.1),
    more("The large ConvNet teaches better than the small one.", student(large), student(small), 0.3),
    more("The student of the small ConvNet is better than its teacher.", student(small), itself(small), 2.7),
  ],
  figures: [
    {
      title: "Top-1 of the student over that of its teacher",
      x: { label: "top-1 of the teacher, %", scale: "linear" },
      y: { label: "top-1 of the student, %", scale: "linear" },
      lines: [
        {
          name: "ours",
          from: "ours",
          joined: false,
          points: listed.map((teacher) => ({ x: itself(teacher), y: student(teacher), label: teacher.name })),
        },
      ],
    },
  ],
  settings: {
    cifar10: onCifar("experiment/cifar10", 4, 95),
  },
};
