/** fixtures/record.py itself, where Python has torch: what it can record, and what it says of a mistake. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, it } from "vitest";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { readRecording, type Recording } from "../../src/recording/format/read.ts";
import { verify } from "../../src/recording/verify.ts";
import { temporaryFolder } from "../helpers/temporary.ts";
import { fixture, recordEach, skipWithoutTorch, type Case, type Outcome } from "./recordPy.ts";

const [mine, student] = [fixture("recorded/mine.py"), fixture("recorded/student.py")];
const map: { readonly [table: string]: Readonly<Record<string, unknown>> } = JSON.parse(readFileSync(fixture("recorded/map.json"), "utf8"));

/** The map of fixtures/recorded/mine.py with some lines changed; undefined takes one out. */
const mapWith = (changes: Readonly<Record<string, Readonly<Record<string, unknown>>>>): string =>
  JSON.stringify(Object.fromEntries(Object.entries(map).map(([table, lines]) => [table, { ...lines, ...changes[table] }])));

const recording = (module: string, names: string, ...options: readonly string[]): Case => ({
  args: ["out", "--module", module, "--map", "map.json", ...options],
  files: { "map.json": names },
});
const ofMine = (changes: Parameters<typeof mapWith>[0], ...options: readonly string[]): Case =>
  recording(`${mine}:build`, mapWith(changes), ...options);
const ofStudent = (name: string, changes: Parameters<typeof mapWith>[0], ...options: readonly string[]): Case =>
  recording(`${student}:${name}`, mapWith(changes), ...options);

const noHeads = { taps: { head: undefined, head_dist: undefined } };
const inOneParameter = { weights: { cls_token: "tokens[0]", dist_token: "tokens[1]", pos_embed: ["pos.0", "pos.1", "pos.2"] } };
const flat = { weights: { "patch_embed.proj.weight": "patches.linear.weight", "patch_embed.proj.bias": "patches.linear.bias" } };
const PAIR = "logits: the module returns two tensors, which are recorded as head and head_dist; no logits are";
const FIRST =
  "logits: the module returns a tuple of [2, 5], [2, 5], [2, 5], of which the first is recorded; [1] is the place of the second";
const EPS = "eps: 1e-06 is what the layer norms should have, whatever the module has; --eps changes it";
const HEADS = "heads: 3 is assumed, as blocks.0.attn.scores is [2, 3, 11, 11]; --heads changes it";

/** In ms. */
const UNHURRIED = 120_000;

function outcomesOf(context: Parameters<typeof skipWithoutTorch>[0], cases: readonly Case[]): readonly Outcome[] {
  skipWithoutTorch(context);
  return recordEach(temporaryFolder(), cases);
}

const recordedIn = ({ bytes, stderr }: Outcome): Recording => {
  const file = bytes("out");
  if (file === null) throw new Error(stderr);
  return readRecording(file);
};

const verdictOf = async (read: Recording): Promise<unknown> => {
  const { first } = await verify(referenceEngine(), read);
  return first?.name ?? null;
};

/** A title, the case, what stderr must have among its lines, and a test of the file. */
type Kind = readonly [title: string, made: Case, lines: readonly string[], holds?: (read: Recording) => unknown];

const KINDS: readonly Kind[] = [
  [
    "a tuple under logits",
    ofStudent("a_tuple", noHeads, "--loss", "labels"),
    [PAIR, HEADS, EPS],
    ({ results }) => results.has("taps/head_dist") && !results.has("taps/logits"),
  ],
  ["a list under logits", ofStudent("a_list", noHeads), [PAIR]],
  ["a dict that has logits", ofStudent("logits_in_a_dict", {}), []],
  [
    "places in a dict",
    ofStudent("a_dict", { taps: { head: "['cls']", head_dist: "['dist']", logits: undefined } }, "--loss", "labels"),
    [],
  ],
  [
    "places in an object",
    ofStudent("an_object", { taps: { head: ".cls", head_dist: ".dist", logits: undefined } }, "--loss", "labels"),
    [],
  ],
  [
    "rows of one tensor, with their cotangents",
    ofStudent("one_tensor", { taps: { head: "[0]", head_dist: "[1]", logits: undefined } }, "--distillation", "hard"),
    [],
    ({ results }) => results.has("cotangents/head_dist"),
  ],
  ["the first of three", ofStudent("a_tuple_of_three", {}), [FIRST]],
  [
    "rows of one Parameter, and positions in three",
    ofStudent("OneParameter", inOneParameter, "--optimizer", "adamw", "--set", "optimizer.noDecay=timm"),
    [],
    ({ results }) => results.has("grads/dist_token") && results.has("after/1/pos_embed"),
  ],
  [
    "a Linear on patches in colour",
    ofStudent("flat_colour", flat, "--optimizer", "sgd"),
    [
      "channels: 3 is assumed, since patch_embed.proj.weight is [12, 48], read as 3 × 4 × 4 (channel, row, column); --sizes '{\"channels\": C}' changes it",
    ],
  ],
  [
    "a Linear on grey patches",
    ofStudent("flat_grey", flat),
    [
      "channels: 1 is assumed, since patch_embed.proj.weight is [12, 16], read as 1 × 4 × 4 (channel, row, column); --sizes '{\"channels\": C}' changes it",
    ],
  ],
  ["a Linear on patches of two channels", ofStudent("flat_two_channels", flat, "--loss", "labels", "--sizes", '{"channels": 2}'), []],
  [
    "null weights",
    ofStudent(
      "without_biases",
      { weights: { "blocks.{i}.norm1.weight": null, "blocks.{i}.norm1.bias": null, "blocks.{i}.attn.qkv.bias": null } },
      "--loss",
      "labels",
    ),
    [],
    ({ given }) => given.get("weights/blocks.0.norm1.weight")?.data.every((gain) => gain === 1),
  ],
  [
    "values that are changed in place afterwards",
    ofStudent(
      "in_place",
      {
        taps: {
          embed: "layers.0.ln_a:input",
          "blocks.{i}.attn": "layers.{i}.attention.out",
          "blocks.{i}": null,
          "blocks.{i}.attn.scores": null,
          "blocks.{i}.attn.probs": null,
        },
      },
      "--loss",
      "labels",
    ),
    ["heads: 3 is assumed, as the module's layers.0.attention.heads is; --heads changes it"],
  ],
  [
    "tokens first",
    recording(`${student}:sequence_first`, mapWith({}).replaceAll("layers.{i}", "layers.{i}.inner"), "--loss", "labels"),
    [],
  ],
  [
    "a loss of one's own, of a module that is trained on both heads",
    ofStudent("TrainedOnBoth", noHeads, "--distillation", "hard", "--loss", `${student}:loss`),
    [PAIR],
  ],
  [
    "a loss of one's own on targets, without a teacher",
    ofMine({}, "--loss", `${student}:loss_of_the_mean`, "--target", "distribution"),
    [],
  ],
  [
    "an optimiser of one's own",
    ofMine(
      {},
      "--loss",
      `${student}:loss_of_the_mean`,
      "--smoothing",
      "0",
      "--optimizer",
      `${student}:plain_sgd`,
      "--optimizer-kind",
      "sgd",
      "--lr",
      "0.25,0.25",
      "--weight-decay",
      "0",
    ),
    [],
    ({ results }) => results.has("after/2/cls_token"),
  ],
  [
    "an optimiser of one's own, with weights that the loss does not reach",
    ofMine(
      {},
      "--distillation",
      "hard",
      "--student",
      "class",
      "--optimizer",
      `${student}:plain_sgd`,
      "--optimizer-kind",
      "sgd",
      "--lr",
      "0.25",
      "--weight-decay",
      "0",
    ),
    [],
  ],
  [
    "a file of a package, with an option of its own",
    {
      args: ["out", "--module", "pkg/deit.py:build", "--map", fixture("recorded/map.json"), "--heads", "3", "--eps", "1e-6"],
      files: {
        "pkg/__init__.py": "",
        "pkg/parts.py": readFileSync(mine, "utf8"),
        "pkg/deit.py":
          "import argparse\nfrom .parts import Mine\nargparse.ArgumentParser().parse_args()\ndef build():\n    return Mine()\n",
      },
    },
    [],
  ],
];

it(
  "record.py records right modules of many kinds so that they are accepted, and says what it assumes",
  async (context) => {
    const outcomes = outcomesOf(
      context,
      KINDS.map(([, made]) => made),
    );
    for (const [i, [title, , lines, holds = () => true]] of KINDS.entries()) {
      const outcome = outcomes[i];
      if (outcome === undefined) throw new Error(title);
      const read = recordedIn(outcome);
      const said = outcome.stderr.split("\n");
      const unsaid = lines.filter((line) => !said.includes(`record: ${line}`));
      expect({ title, unsaid, holds: holds(read), first: await verdictOf(read) }).toEqual({ title, unsaid: [], holds: true, first: null });
    }
  },
  UNHURRIED,
);

const ofPlainFile = (text: string): Case => ({ args: ["out", "--module", "user.py:build"], files: { "user.py": text } });

const MISTAKES: readonly (readonly [made: Case, line: string])[] = [
  [ofMine({ taps: { norm: "lasst" } }), "norm at 'lasst': the module has no submodule 'lasst'; the nearest is 'last'"],
  [
    ofMine({ taps: { "blocks.{i}.mlp.glu": "last" } }),
    "the map's taps have 'blocks.{i}.mlp.glu', which is no tap; the nearest is 'blocks.{i}.mlp.gelu'",
  ],
  [ofMine({ taps: { "blocks.2.norm1": "last" } }), "the map has 'blocks.2.norm1', but the module has 2 blocks"],
  [ofMine({ taps: { norm: "classify" } }), "norm at 'classify' is [2, 5], but must be [2, 11, 12]"],
  [
    ofMine({ taps: { norm: "last@softmx" } }),
    "the place 'last@softmx' cannot be read; one is like 'layers.0.ln', 'layers.0.ln:input', 'layers.0.attn@softmax', 'layers.0.mha[1]' or \"['key']\"",
  ],
  [ofMine({ taps: { norm: 3 } }), "the map's taps say 3 for 'norm'; it must be a string, a list of strings or null"],
  [
    ofMine({ weights: { "norm.weight": "last.wieght" } }),
    "the module has no weight 'last.wieght' for norm.weight; the nearest is 'last.weight'",
  ],
  [
    ofMine({ weights: { "norm.weight": undefined } }),
    "the map's weights lack 'norm.weight'; give the module's name for it, or null if it has none",
  ],
  [ofMine({ weights: { "norm.weight": "layers.0.up.weight" } }), "norm.weight must be [12], but 'layers.0.up.weight' is [24, 12]"],
  [
    ofMine({ weights: { "blocks.{i}.mlp.fc1.weight": "layers.{i}.down.weight" } }),
    "blocks.0.mlp.fc1.weight must be [24, 12], but 'layers.0.down.weight' is [12, 24]; a weight that is stored as [in, out] is 'layers.0.down.weight.T'",
  ],
  [
    ofMine({}, "--heads", "2"),
    "blocks.0.attn.scores at 'layers.0.attention@softmax:input' is [2, 3, 11, 11], but must be [2, 2, 11, 11]; --heads says how many heads there are",
  ],
  [recording(`${mine}:build`, "{"), "--map map.json: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"],
  [recording(`${mine}:build`, "[]"), "the map must be an object with taps, weights, dropPath, got []"],
  [
    ofStudent("a_dict", {}),
    "what the module returns, the place '', is a dict of 'cls' [2, 5], 'dist' [2, 5]; name the tensor that is meant, as in \"head\": \"['cls']\", \"head_dist\": \"['dist']\"",
  ],
  [
    ofStudent("an_object", {}),
    'what the module returns, the place \'\', is an object of Answer with .cls [2, 5], .dist [2, 5]; name the tensor that is meant, as in "head": ".cls", "head_dist": ".dist"',
  ],
  [
    ofStudent("a_dict", { taps: { head: "['clss']", logits: undefined } }),
    "the place \"['clss']\": there is no ['clss'] in a dict of 'cls' [2, 5], 'dist' [2, 5]",
  ],
  [
    ofStudent("OneParameter", inOneParameter, "--optimizer", "adamw"),
    "the Parameter 'tokens' holds cls_token and dist_token, of which only one decays under noDecay \"deit\"; a Parameter cannot decay in part; give --set optimizer.noDecay=timm, with which neither token does",
  ],
  [
    ofStudent("OneParameter", { weights: { ...inOneParameter.weights, dist_token: "tokens[2]" } }),
    "the weight 'tokens[2]' for dist_token: there is no such row in [1, 2, 12]",
  ],
  [
    ofStudent("flat_two_channels", flat),
    "patch_embed.proj.weight is [12, 18], and 18 columns are a square patch with neither 3 channels nor 1; give --sizes '{\"channels\": C}'",
  ],
  [ofStudent("raising", {}), `--module ${student}:raising raised ValueError: no such data set (student.py, line 228)`],
  [ofStudent("nothing", {}), `--module ${student}:nothing: must return an nn.Module, got None`],
  [ofMine({}, "--loss", `${student}:a_loss_each`), "the loss must be a scalar, a tensor without axes, got [2]"],
  [ofMine({}, "--loss", `${student}:a_number`), "the loss must be a scalar, a tensor without axes, got 0.5"],
  [ofMine({}, "--loss", `${student}:detached`), "the loss does not depend on the module's weights: it has no gradient"],
  [
    ofMine({}, "--loss", `${student}:failing_loss`),
    `--loss ${student}:failing_loss raised ValueError: Expected input batch_size (2) to match target batch_size (1). (student.py, line 206)`,
  ],
  [ofMine({}, "--loss", `${student}:lost`), `--loss ${student}:lost: ${student} has no lost; the nearest is 'loss'`],
  [ofMine({}, "--loss", "none.py:loss"), "--loss none.py:loss: there is no file none.py"],
  [ofMine({}, "--loss", "label"), "--loss label: must be none, labels, distribution or FILE.py:FUNCTION"],
  [
    ofMine({}, "--optimizer", `${student}:not_an_optimizer`),
    "the optimiser must be a torch.optim.Optimizer, got a list of an object of Mine",
  ],
  [
    ofMine({}, "--optimizer", `${student}:failing_optimizer`),
    `--optimizer ${student}:failing_optimizer raised ValueError: Invalid learning rate: -1 (student.py, line 218)`,
  ],
  [ofMine({}, "--optimizer", "adamw", "--optimizer-kind", "sgd"), "--optimizer-kind needs --optimizer FILE.py:FUNCTION"],
  [ofMine({}, "--tau", "3"), "--tau needs --distillation soft"],
  [ofMine({}, "--distillation", "soft", "--tau", "0"), "--tau 0.0: loss.distillation.tau must be a number > 0"],
  [ofMine({}, "--loss", "labels", "--set", "loss.smoothing=much"), "--set loss.smoothing=much: loss.smoothing must be a number in [0, 1)"],
  [ofMine({}, "--loss", "none", "--optimizer", "adamw"), "--optimizer needs a loss, and --loss is none"],
  [ofMine({}, "--taps", "blocks.0.glu"), "--taps blocks.0.glu: no tensor has this name; the nearest is 'blocks.0.mlp'"],
  [ofMine({}, "--sizes", "{"), "argument --sizes: must be JSON, got {"],
  [ofMine({}, "--no-such"), "unrecognized arguments: --no-such"],
  [{ args: ["map.json", "--timm", "deit_tiny_patch16_224", "--draft-map"] }, "--draft-map needs --module"],
  [{ args: ["no/where/out", "--module", `${mine}:build`] }, "no/where/out: there is no folder no/where"],
  [{ args: ["--module", `${mine}:build`] }, "the file to write is missing: record.py OUT.safetensors …"],
  [
    { args: ["out", "--module", `${mine}:build`] },
    "no weight for patch_embed.proj.weight; a map names the module's weights, and --draft-map drafts one",
  ],
  [{ args: ["out", "--module", `${mine}:bild`] }, `--module ${mine}:bild: ${mine} has no bild; the nearest is 'build'`],
  [
    { args: ["out", "--hf", "deit-tiny"], without: ["transformers"] },
    "--hf needs transformers, which this Python does not have (pip install transformers): import of transformers halted; None in sys.modules",
  ],
  [
    { args: ["out", "--timm", "deit_tiny_patch16_224"], without: ["timm"] },
    "--timm needs timm, which this Python does not have (pip install timm): import of timm halted; None in sys.modules",
  ],
  [ofPlainFile("def build(:\n"), "--module user.py:build: user.py raised SyntaxError: invalid syntax (user.py, line 1)"],
  [
    ofPlainFile("import no_such_module\n"),
    "--module user.py:build: user.py raised ModuleNotFoundError: No module named 'no_such_module' (user.py, line 1)",
  ],
];

it(
  "record.py refuses each mistake of a user in one line, with exit status 2, and writes nothing",
  (context) => {
    const outcomes = outcomesOf(
      context,
      MISTAKES.map(([made]) => made),
    );
    for (const [i, [, line]] of MISTAKES.entries())
      expect({ line, status: outcomes[i]?.status, stderr: outcomes[i]?.stderr, file: outcomes[i]?.bytes("out") }).toEqual({
        line,
        status: 2,
        stderr: `record: ${line}\n`,
        file: null,
      });
  },
  UNHURRIED,
);

it(
  "a map that record.py drafts for a student's project works unchanged",
  async (context) => {
    const students = readdirSync(fixture("students"), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    const right = readFileSync(fixture("students/make.sh"), "utf8");
    const moduleOf = (name: string): string =>
      join(fixture("students"), name, new RegExp(`record ${name} right (\\S+)`).exec(right)?.[1] ?? "");
    const cases = students.flatMap((name) => [
      { args: ["--module", moduleOf(name), "--draft-map", `../${name}.json`] },
      { args: ["out", "--module", moduleOf(name), "--map", `../${name}.json`, "--loss", "labels"] },
    ]);
    const outcomes = outcomesOf(context, cases);
    for (const [i, { args }] of cases.entries()) {
      const outcome = outcomes[i];
      if (!args.includes("--map") || outcome === undefined) continue;
      const read = recordedIn(outcome);
      const { depth } = read.configuration.model;
      const steps = new Set([...read.results.keys()].filter((name) => name.startsWith("taps/")).map((name) => basename(name)));
      expect([args[2], depth, steps.size > 12, await verdictOf(read)]).toEqual([args[2], 2, true, null]);
    }
  },
  UNHURRIED,
);
