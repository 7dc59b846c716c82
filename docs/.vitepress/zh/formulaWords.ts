/** The words within formulas in Chinese. A word without a translation fails the build. */
export const formulaWordsZh: Readonly<Record<string, string>> = {
  " by (G12)": " 由 (G12) 得",
  else: "其他",
  "over ": "取遍 ",
  params: "参数量",
  MACs: "乘加次数",
  "with probability ": "以概率 ",
  Nesterov: "Nesterov",
  "first step": "第一步",
  later: "之后",
  plain: "普通",
  "per channel": "逐通道",
  "prefix rows unchanged": "前缀行不变",
};
