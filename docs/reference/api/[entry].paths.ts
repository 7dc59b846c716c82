/** A page for each entry point of the package. */
import { apiPages } from "../../.vitepress/reference/api.ts";

/** A page, as VitePress takes it. */
interface ApiPage {
  readonly params: { readonly entry: string };
  readonly content: string;
}

export default {
  paths: async (): Promise<readonly ApiPage[]> => [...(await apiPages())].map(([entry, content]) => ({ params: { entry }, content })),
};
