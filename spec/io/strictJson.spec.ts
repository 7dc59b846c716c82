import { describe, expect, it } from "vitest";
import { isRecord, JsonError, parseJson } from "../../src/io/strictJson.ts";

const deep = (levels: number): string => `${"[".repeat(levels)}${"]".repeat(levels)}`;

describe("JSON", () => {
  it.each([
    '{"a":1,"b":{"a":1},"c":[{"a":1},{"a":2}]}',
    '{"text":"{\\"a\\":1,\\"a\\":2,\\"__proto__\\":3}"}',
    '{"constructor":{},"toString":null}',
    '["a","a",":",1.5e3,true]',
    '"[[["',
  ])("%s is read as JSON.parse reads it", (text) => {
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  it.each([
    ['{"a":1,"a":2}', 7, 'the key "a" occurs twice in one object'],
    ['{"a":1,"\\u0061":2}', 7, 'the key "a" occurs twice in one object'],
    ['[{"b":{"a":1}, "b" :2}]', 15, 'the key "b" occurs twice in one object'],
    ['{"a":[{"x":0},[1]],"a":2}', 19, 'the key "a" occurs twice in one object'],
    ['{"__proto__":1}', 1, "__proto__ is not allowed as a key"],
    ['[{"\\u005f_proto__":1}]', 2, "__proto__ is not allowed as a key"],
  ])("%s is refused", (text, position, message) => {
    expect(() => parseJson(text)).toThrow(new JsonError(position, message));
  });

  it("may be nested a hundred levels deep", () => {
    expect(parseJson(deep(100))).toEqual(JSON.parse(deep(100)));
    expect(() => parseJson(deep(101))).toThrow(new JsonError(100, "objects and lists may be nested 100 deep at most"));
    expect(() => parseJson(`{"a":${deep(1_000_000)}}`)).toThrow(new JsonError(104, "objects and lists may be nested 100 deep at most"));
  });

  it.each(["", "{", '{"a":1,}', "{'a':1}", "NaN", "[1] 2", "\ufeff{}"])("%j is refused, as JSON.parse does", (text) => {
    expect(() => parseJson(text)).toThrow(JsonError);
  });
});

it("isRecord distinguishes an object from a list and from null", () => {
  expect([{}, [], null, "", 1].map(isRecord)).toEqual([true, false, false, false, false]);
});
