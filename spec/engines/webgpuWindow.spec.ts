/** Which dispatches the window makes epilogues of others, and which it leaves: no device. */
import { describe, expect, it } from "vitest";
import { elementDispatch, elementProgram, pairDispatch, pairProgram } from "../../src/engines/webgpu/kernels/perElement.ts";
import type { Bindable } from "../../src/engines/webgpu/machine.ts";
import { program, type Dispatch, type Program } from "../../src/engines/webgpu/program.ts";
import { DispatchWindow } from "../../src/engines/webgpu/window/window.ts";

/** Stores pairs of c, from a. */
const made: Program = program({
  name: "made",
  tensors: { c: "f32", a: "f32" },
  covers: ["c"],
  params: { n: "u32" },
  workgroup: [64, 1, 1],
  main: "  if (2u * lane < p.n) { store2_c(lane, load2_a(lane)); }",
});
/** y = x + b, in pairs; b is read elsewhere too. */
const added: Program = pairProgram({
  name: "added",
  tensors: { y: "f32", x: "f32", b: "f32" },
  along: ["x"],
  covers: ["y"],
  main: (at) => `  store2_y(${at}, load2_x(${at}) + vec2f(load_b(0u)));`,
});
const single: Program = elementProgram({
  name: "single",
  tensors: { y: "f32", x: "f32" },
  along: ["x"],
  covers: ["y"],
  main: (at) => `  store_y(${at}, 2.0 * load_x(${at}));`,
});
const ragged: Program = program({ ...made.text, name: "ragged", main: "  if (lane < p.n) { store_c(lane, load_a(lane)); }" });
const updated: Program = program({ ...made.text, name: "updated", main: "  store2_c(lane, load2_c(lane) + load2_a(lane));" });

const NUMBERS = 8;
const block = (i: number, bytes = 256): { readonly address: number; readonly bytes: number } => ({ address: 256 * i, bytes });
const [a, b, c, x, y, z] = [block(1), block(2), block(3), block(4), block(5), block(6)];

const run = (of: Program): Dispatch => (of.text.perElement?.unit === 2 ? pairDispatch : elementDispatch)(of, NUMBERS);

interface Emitted {
  readonly name: string;
  readonly memories: readonly Bindable[];
}

function windowOf(mostBindings = 8): { readonly window: DispatchWindow; readonly emitted: () => readonly Emitted[] } {
  const all: Emitted[] = [];
  const window = new DispatchWindow(({ program: { name } }, memories) => void all.push({ name, memories }), mostBindings);
  return {
    window,
    emitted: () => {
      window.flush();
      return all;
    },
  };
}

const names = (all: readonly Emitted[]): readonly string[] => all.map(({ name }) => name);

describe("the window", () => {
  it("makes what works element by element the epilogue of what makes its elements", () => {
    const { window, emitted } = windowOf();
    window.add(run(made), [c, a]);
    window.add(run(added), [y, c, b]);
    window.add(run(single), [z, y]);
    expect(emitted()).toEqual([{ name: "made + added + single", memories: [c, a, y, b, z] }]);
  });

  it("moves it over what has nothing to do with it", () => {
    const { window, emitted } = windowOf();
    window.add(run(made), [c, a]);
    window.add(run(made), [x, z]);
    window.add(run(added), [y, c, b]);
    expect(names(emitted())).toEqual(["made + added", "made"]);
  });

  it("emits everything in its order where nothing may be held", () => {
    const all: string[] = [];
    const window = new DispatchWindow(({ program: { name } }) => void all.push(name), 8, 0);
    window.add(run(made), [c, a]);
    window.add(run(added), [y, c, b]);
    expect(all).toEqual(["made", "added"]);
  });

  it.each<[string, Program, Program, readonly Bindable[], readonly Bindable[]]>([
    ["stores single elements for a consumer of pairs", ragged, added, [c, a], [y, c, b]],
    ["loads the tensor that it stores", updated, added, [c, a], [y, c, b]],
    ["has the tensor twice", made, added, [c, c], [y, c, b]],
    ["makes a tensor that the consumer also loads elsewhere", made, added, [c, a], [y, c, c]],
    ["loads what the consumer stores", made, added, [c, a], [a, c, b]],
    ["stores no tensor that the consumer loads", made, added, [c, a], [y, x, b]],
  ])("fuses nothing with a program that %s", (_, first, second, memories, others) => {
    const { window, emitted } = windowOf();
    window.add(run(first), memories);
    window.add(run(second), others);
    expect(names(emitted())).toEqual([first.name, second.name]);
  });

  it("does not move a dispatch over one that stores what it loads, or uses what it stores", () => {
    for (const between of [
      [b, x],
      [y, x],
      [x, y],
    ]) {
      const { window, emitted } = windowOf();
      window.add(run(made), [c, a]);
      window.add(run(made), between);
      window.add(run(added), [y, c, b]);
      expect(names(emitted())).toEqual(["made", "made", "added"]);
    }
  });

  it("does not let a dispatch store a block that may have the address of one that was freed since", () => {
    const namesIf = (freed: boolean, bytes: number): readonly string[] => {
      const { window, emitted } = windowOf();
      window.add(run(made), [c, a]);
      if (freed) window.freed(a);
      const taken = block(7, bytes);
      window.taken(taken);
      window.add(run(added), [taken, c, b]);
      return names(emitted());
    };
    expect(namesIf(true, a.bytes)).toEqual(["made", "added"]);
    expect(namesIf(false, a.bytes)).toEqual(["made + added"]);
    expect(namesIf(true, 2 * a.bytes)).toEqual(["made + added"]); // the heap gives freed memory to blocks of its length
  });

  it("does not store what is freed before anything else reads it", () => {
    const { window, emitted } = windowOf();
    window.add(run(made), [c, a]);
    window.add(run(added), [y, c, b]);
    window.freed(c);
    window.add(run(made), [c, x]); // another tensor, at the same address
    expect(emitted()).toEqual([
      { name: "made + added", memories: [a, y, b] },
      { name: "made", memories: [c, x] },
    ]);
  });

  it("stores what another dispatch reads before it is freed", () => {
    const { window, emitted } = windowOf();
    window.add(run(made), [c, a]);
    window.add(run(added), [y, c, b]);
    window.add(run(made), [z, c]);
    window.freed(c);
    expect(emitted()).toEqual([
      { name: "made + added", memories: [c, a, y, b] },
      { name: "made", memories: [z, c] },
    ]);
  });

  it("binds no more buffers than a program may", () => {
    const { window, emitted } = windowOf(3);
    window.add(run(made), [c, a]);
    window.add(run(added), [y, c, b]);
    expect(names(emitted())).toEqual(["made", "added"]);
  });

  it("emits all before a dispatch that binds a whole slab", () => {
    const { window, emitted } = windowOf();
    window.add(run(made), [c, a]);
    window.add(run(made), [{ slab: 0, bytes: 64, read: 64, written: 64 }, a]);
    window.add(run(added), [y, c, b]);
    expect(names(emitted())).toEqual(["made", "made", "added"]);
  });
});

describe("an epilogue", () => {
  it("gets the elements as they are stored, and its own params and tensors", () => {
    const found: Dispatch[] = [];
    const window = new DispatchWindow((dispatch) => void found.push(dispatch), 8);
    window.add(run(made), [c, a]);
    window.add(run(added), [y, c, b]);
    window.flush();
    const [dispatch] = found;
    expect(dispatch?.params).toEqual([NUMBERS, NUMBERS]);
    expect(dispatch?.program.wgsl).toContain("then0(pair, value);");
    expect(dispatch?.program.wgsl).toContain("if (2u * at >= p.then0_n) { return; }");
    expect(dispatch?.program.wgsl).toContain("store2_then0_y(at, load2_then0_x(at) + vec2f(load_then0_b(0u)));");
  });

  it("is one program for equal parts, so that it is compiled once", () => {
    const programs = new Set<Program>();
    for (let i = 0; i < 2; i++) {
      const window = new DispatchWindow(({ program: of }) => void programs.add(of), 8);
      window.add(run(made), [c, a]);
      window.add(run(added), [y, c, b]);
      window.freed(c);
      window.flush();
    }
    expect(programs.size).toBe(1);
  });

  it("may use params and tensors only in its body", () => {
    const wrong = pairProgram({
      name: "wrong",
      tensors: { y: "f32", x: "f32" },
      declarations: [{ code: "fn f(x: f32) -> f32 { return x * f32(p.n); }\n", uses: [] }],
      along: ["x"],
      main: (at) => `  store2_y(${at}, load2_x(${at}));`,
    });
    const { window } = windowOf();
    window.add(run(made), [c, a]);
    expect(() => window.add(run(wrong), [y, c])).toThrow("wrong: only the body of an epilogue may use params and tensors");
  });
});
