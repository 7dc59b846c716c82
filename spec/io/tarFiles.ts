/** Small tar archives, written field by field. */

const BLOCK = 512;

export interface Member {
  readonly name: string;
  readonly content: Uint8Array;
  readonly type?: string;
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A member's header and bytes, ustar. */
export function memberOf({ name, content, type = "0" }: Member): Uint8Array {
  const member = new Uint8Array(BLOCK + Math.ceil(content.length / BLOCK) * BLOCK);
  const put = (at: number, text: string): void => member.set(bytesOf(text), at);
  put(0, name);
  put(100, "0000644\0");
  put(124, `${content.length.toString(8).padStart(11, "0")}\0`);
  put(148, " ".repeat(8));
  put(156, type);
  put(257, "ustar\u000000");
  const sum = member.subarray(0, BLOCK).reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  member.set(content, BLOCK);
  return member;
}

export function tarOf(members: readonly Member[]): Uint8Array {
  return Uint8Array.from([...members.map(memberOf), new Uint8Array(2 * BLOCK)].flatMap((part) => [...part]));
}
