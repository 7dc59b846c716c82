/** Strict JSON: where `JSON.parse` silently keeps the last of two equal keys, this is an error here. */

/** What is wrong with a text, and at which character; 0: the parser does not say. */
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

/** The deepest nesting: far beyond any file of this project, and safe for recursive functions. */
const DEEPEST = 100;

/** Checks the keys of a text that is known to be JSON, in which a key of the innermost open object precedes each colon. */
function checkKeys(text: string): void {
  const open: Set<string>[] = []; // the keys of each open object or list; a list has none
  let [start, end] = [0, 0]; // the latest string
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "{" || text[i] === "[") open.push(new Set());
    else if (text[i] === "}" || text[i] === "]") open.pop();
    else if (text[i] === ":") checkKey(open.at(-1), String(JSON.parse(text.slice(start, end))), start);
    else if (text[i] === '"') {
      [start, end] = [i, endOfString(text, i)];
      i = end - 1;
    }
    if (open.length > DEEPEST) throw new JsonError(i, `objects and lists may be nested ${DEEPEST} deep at most`);
  }
}

/**
 * Parses a JSON text.
 *
 * @throws JsonError for text that is not JSON, a key that occurs twice in one object, the key `__proto__`, or more than 100 levels
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

/** Whether this is a JSON object, not an array or null. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
