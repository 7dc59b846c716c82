/** Recordings of whole student projects by fixtures/record.py's command line: each right one is found right, each mistake is located and named. */
import { describe, expect, it } from "vitest";
import { readRecording } from "../../src/recording/format/read.ts";
import { catalogue } from "../../src/recording/variants/catalogue.ts";
import { verify } from "../../src/recording/verify.ts";
import { inEachPrecision } from "../helpers/engines.ts";
import { bytesOf, textOf } from "../helpers/fixtures.ts";
import { lane } from "../helpers/lane.ts";

interface Row {
  readonly file: string;
  readonly first: string | null;
  readonly variant: string | null;
}

const index: readonly Row[] = JSON.parse(textOf("students/index.json"));
const known = new Set<string>(catalogue.map(({ name }) => name));

describe("student projects", () => {
  it("there are eight, each right once and wrong six times", () => {
    const folderOf = ({ file }: Row): string => file.slice(0, file.indexOf("/"));
    const counts = [...new Set(index.map(folderOf))].map((folder) =>
      index.filter((row) => folderOf(row) === folder).map(({ first }) => first === null),
    );
    expect(counts.map((rights) => [rights.length, rights.filter(Boolean).length])).toEqual(Array.from({ length: 8 }, () => [7, 1]));
  });

  inEachPrecision(({ name, made }) => {
    // npm test tries each file on one of the two engines
    const tried = index.filter((_, i) => lane !== "fast" || i % 2 === (name === "reference" ? 0 : 1));
    it.each(tried)("$file: the first wrong tensor is $first, because of $variant", async ({ file, first, variant }) => {
      const { engine } = await made;
      const { first: found, findings } = await verify(engine, readRecording(bytesOf(`students/${file}.safetensors`)));
      const named = findings?.explanation?.variant ?? null;
      expect([found?.name ?? null, variant === null || known.has(variant) ? named : variant]).toEqual([first, variant]);
    });
  });
});
