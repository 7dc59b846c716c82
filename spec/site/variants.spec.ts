/** What `<Wrong>` shows of every variant of the catalogue. */
import { catalogue } from "deit/recording";
import { describe, expect, it } from "vitest";
import { mistakeOf } from "../../docs/.vitepress/widgets/wrong.ts";
import { variantsZh } from "../../docs/.vitepress/zh/variants.ts";

const names = [...new Set(catalogue.map(({ name }) => name))];
const SEED = 5;

describe("wrong versions", () => {
  it("are all described in Chinese, and no others", () => {
    expect(Object.keys(variantsZh).toSorted()).toEqual(names.toSorted());
  });

  it.each(names)("%s makes a difference, and verify rejects and names it", async (name) => {
    const mistake = await mistakeOf(name, SEED);
    expect(mistake?.verified).toMatchObject({ first: mistake?.tensor, variant: name });
    expect(mistake?.values[0]).not.toHaveProperty("wrong", mistake?.values[0]?.right);
  });
});
