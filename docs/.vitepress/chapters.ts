/** The reading path: its chapters in order. A chapter is `docs/learn/SLUG.md`, and its translation `docs/zh/learn/SLUG.md`. */

/** A chapter of the reading path. */
export interface Chapter {
  /** The name of its file. */
  readonly slug: string;
  /** Its title by language. */
  readonly title: { readonly en: string; readonly zh: string };
}

export const chapters: readonly Chapter[] = [
  { slug: "patches", title: { en: "Patches", zh: "图像块" } },
  { slug: "tokens", title: { en: "Tokens and positions", zh: "token 与位置" } },
  { slug: "attention", title: { en: "Attention, one head then many", zh: "注意力：从一个头到多个头" } },
  { slug: "feed-forward", title: { en: "GELU and the feed-forward network", zh: "GELU 与前馈网络" } },
  { slug: "block", title: { en: "Layer norm, residuals, a whole block", zh: "层归一化、残差与完整的块" } },
  { slug: "heads", title: { en: "Classifier heads and their fusion", zh: "分类头与两个头的融合" } },
  { slug: "cross-entropy", title: { en: "Cross-entropy and label smoothing", zh: "交叉熵与标签平滑" } },
  { slug: "distillation", title: { en: "Distillation: soft, hard, and by a token", zh: "蒸馏：软蒸馏、硬蒸馏与蒸馏 token" } },
  { slug: "gradients", title: { en: "Every gradient, derived", zh: "逐个推导梯度" } },
  { slug: "initialisation", title: { en: "Initial weights and regularisers", zh: "初始化与正则化" } },
  { slug: "augmentation", title: { en: "Augmentation", zh: "数据增强" } },
  { slug: "optimiser", title: { en: "Optimiser and schedule", zh: "优化器与学习率" } },
  { slug: "resolution", title: { en: "Another resolution", zh: "改变分辨率" } },
  { slug: "choices", title: { en: "The disputed choices", zh: "有争议的选择" } },
];
