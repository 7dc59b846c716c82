/** JSON of which nothing is read by halves: `JSON.parse` keeps the last of two equal keys and says nothing; here that is an error. */

/** What is wrong, and at which character of the text; 0 where the parser does not say. */
export class JsonError extends Error {
  override readonly name = "JsonError";
  readonly position: number;
  constructor(position: number, message: string) {
    super(message);
    this.position = position;
  }
}

/** The index after the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let i = start + 1;
  while (text[i] !== '"') i += text[i] === "\\" ? 2 : 1;
  return i + 1;
}

function checkKey(keys: Set<string> | undefined, key: string, position: number): void {
  if (key === "__proto__") throw new JsonError(position, "__proto__ is not allowed as a key");
  if (keys?.has(key) === true) throw new JsonError(position, `the key ${JSON.stringify(key)} occurs twice in one object`);
  keys?.add(key);
}

/** No text of ours comes near it, and no function that calls itself for each level runs out of stack. */
const DEEPEST = 100;

/** Walks over text that is known to be JSON: before a colon stands a key of the innermost open object. */
function checkKeys(text: string): void {
  const open: Set<string>[] = []; // the keys of each object; none of a list
  let [start, end] = [0, 0]; // of the latest string
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "{" || text[i] === "[") open.push(new Set());
    else if (text[i] === "}" || text[i] === "]") open.pop();
    else if (text[i] === ":") checkKey(open.at(-1), String(JSON.parse(text.slice(start, end))), start);
    else if (text[i] === '"') {
      [start, end] = [i, endOfString(text, i)];
      i = end - 1;
    }
    if (open.length > DEEPEST) throw new JsonError(i, `objects and lists may be ${DEEPEST} deep`);
  }
}

/**
 * The value of a JSON text.
 *
 * @throws JsonError for text that is not JSON, for a key that occurs twice in one object, for the key `__proto__`, and for more
 *   than 100 levels
 */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new JsonError(0, error instanceof Error ? error.message : "not JSON");
  }
  checkKeys(text);
  return value;
}

/** A JSON object, as opposed to an array or null. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
