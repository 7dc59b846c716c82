/** What a page says of a variant of the catalogue, in its language. */
import { useData } from "vitepress";
import { variantsZh, type VariantText } from "../zh/variants.ts";

/** A variant, as far as it is described here. */
interface DescribedVariant extends VariantText {
  readonly name: string;
}

/** The texts of variants in the language of the page. */
export function useVariantText(): (variant: DescribedVariant) => VariantText {
  const { lang } = useData();
  return (variant) => (lang.value.startsWith("zh") ? variantsZh[variant.name] : undefined) ?? variant;
}
