/** The steps in order: first the tests, then the timings. */

const RECORDINGS = ["tiny-distilled-hard-f64", "odd-sizes-distilled-f64"].map((name) => `fixtures/recordings/${name}.safetensors`);
const PRECISIONS = [
  { precision: "f32", flags: [] },
  { precision: "f16", flags: ["--precision", "f16", "--tensor-cores"] },
];
const TEACHER = ["--teacher", "regnety-16gf"];

/** Programs and precisions, as steps. */
const timed = (engine, repetitions, seconds) => (name, args) =>
  PRECISIONS.map(({ precision, flags }) => ({
    name: `${name}-${precision}`,
    args: ["bench", args, engine, flags, "--repetitions", repetitions, "--json"].flat(),
    seconds,
  }));

function full(engine) {
  const step = (name, args, seconds = 900) => ({ name, args: [args, engine, "--json"].flat(), seconds });
  const bench = timed(engine, "15", 900);
  const models = ["tiny", "small", "base"];
  return [
    step("check", ["check", "--cases", "5"]),
    step("check-f16", ["check", "--cases", "5", "--precision", "f16", "--tensor-cores"]),
    step("verify", ["verify", ...RECORDINGS]),
    ...bench("gemm", ["gemm"]),
    ...bench("op", ["op"]),
    ...bench("rates", ["rates", "--model", "deit-base", "--batch", "64"]),
    ...bench("whole-base", ["train", "--model", "deit-base", "--batch", "64", "--whole"]),
    ...bench("whole-base-unchecked", ["train", "--model", "deit-base", "--batch", "64", "--whole", "--unchecked"]),
    ...models.flatMap((size) => bench(`forward-${size}`, ["forward", "--model", `deit-${size}`, "--batch", "64"])),
    ...bench("forward-base-384", ["forward", "--model", "deit-base", "--image-size", "384", "--batch", "32"]),
    ...models.flatMap((size) => bench(`train-${size}`, ["train", "--model", `deit-${size}`, "--batch", "64"])),
    ...models.flatMap((size) =>
      bench(`train-${size}-distilled`, ["train", "--model", `deit-${size}-distilled`, "--batch", "64", ...TEACHER]),
    ),
    ...bench("train-base-384", ["train", "--model", "deit-base", "--image-size", "384", "--batch", "32"]),
    ...bench("profile-base", ["train", "--model", "deit-base", "--batch", "64", "--profile"]),
    ...bench("profile-base-384", ["train", "--model", "deit-base", "--image-size", "384", "--batch", "32", "--profile"]),
    { name: "project", args: ["bench", "project", "--adapter", "h100", "--json"], seconds: 600 },
  ];
}

function smallest(engine) {
  const bench = timed(engine, "1", 600);
  const model = ["--model", "deit-tiny-distilled", "--image-size", "32"];
  return [
    { name: "check", args: ["check", "--cases", "1", "--only", "op/gelu", engine, "--json"].flat(), seconds: 300 },
    { name: "verify", args: ["verify", RECORDINGS.slice(0, 1), engine, "--json"].flat(), seconds: 300 },
    ...bench("gemm", ["gemm", "--only", "64×198"]),
    ...bench("op", ["op", "--only", "residual"]),
    ...bench("rates", ["rates", ...model, "--batch", "2"]),
    ...bench("whole", ["train", ...model, "--batch", "2", "--whole"]),
    ...bench("whole-unchecked", ["train", ...model, "--batch", "2", "--whole", "--unchecked"]),
    ...bench("forward", ["forward", ...model]),
    ...bench("train", ["train", ...model, "--batch", "2"]),
    ...bench("profile", ["forward", ...model, "--profile"]),
    { name: "project", args: ["bench", "project", "--only", "deit-tiny 224", "--batch", "8", "--json"], seconds: 300 },
  ];
}

export const stepsOf = (engine, quick) => (quick ? smallest(engine) : full(engine));
