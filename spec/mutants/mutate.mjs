/**
 * Small changes of meaning in a TypeScript file, one at a time: a sign, a term, a factor, an axis, an index, two arguments exchanged.
 * Only computations are changed, not strings, types, shapes as text or the conditions of errors.
 */
import ts from "typescript";

/** Another kernel with the same arguments. */
const OTHER_KERNEL = {
  add: "sub",
  sub: "add",
  mul: "add",
  div: "mul",
  sumLast: "meanLast",
  meanLast: "sumLast",
  maxLast: "sumLast",
  sqrt: "square",
  rsqrt: "sqrt",
  exp: "square",
  log: "square",
  square: "exp",
  normalCdf: "step",
  step: "normalCdf",
  isFinite: "step",
};

const OTHER_OPERATOR = { "+": "-", "-": "+", "*": "/", "/": "*", "**": "*", "%": "*" };

/** For a name in a record, another name of the same record. */
const OTHER_NAME = {
  norm1: "norm2",
  norm2: "norm1",
  fc1: "fc2",
  fc2: "fc1",
  attn: "mlp",
  mlp: "attn",
  head: "head_dist",
  head_dist: "head",
  weight: "bias",
  bias: "weight",
  q: "k",
  v: "q",
  conv1: "conv2",
  conv2: "conv3",
};

const COMMUTATIVE = new Set(["add", "mul"]);
const DROPPABLE = new Set(["add", "sub", "mul", "div", "scale", "addScalar", "exp", "square", "sqrt", "rsqrt", "log"]);

/** Every mutant of a source text: { start, end, text, what }. */
export function mutantsOf(fileName, source) {
  const file = ts.createSourceFile(fileName, source, ts.ScriptTarget.ES2023, true);
  const mutants = [];
  const textOf = (node) => source.slice(node.getStart(file), node.getEnd());
  const replace = (node, text, what) => mutants.push({ start: node.getStart(file), end: node.getEnd(), text, what });

  function visit(node) {
    if (ts.isImportDeclaration(node) || ts.isThrowStatement(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node))
      return;
    if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return;
    if (ts.isIfStatement(node) && ts.isThrowStatement(node.thenStatement)) return; // the condition of an error
    if (ts.isPropertyAssignment(node) && /^(shapes|name|inline)$/.test(node.name.getText(file))) return;
    if (ts.isBindingElement(node)) return; // `[B = 0, T = 0] = shape`: the default only satisfies the type checker, because every shape has the axis

    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && node.expression.expression.getText(file) === "k") {
      const kernel = node.expression.name.text;
      const args = node.arguments.map(textOf);
      if (kernel in OTHER_KERNEL) replace(node.expression.name, OTHER_KERNEL[kernel], `k.${kernel} becomes k.${OTHER_KERNEL[kernel]}`);
      if (args.length >= 2 && /^(sub|div|matmul)$/.test(kernel))
        replace(node, `k.${kernel}(${[args[1], args[0], ...args.slice(2)].join(", ")})`, `arguments of k.${kernel} exchanged`);
      if (DROPPABLE.has(kernel)) replace(node, args[0], `k.${kernel}(a, …) becomes a`);
      if (COMMUTATIVE.has(kernel)) replace(node, args[1], `k.${kernel}(a, b) becomes b`);
    }
    if (ts.isBinaryExpression(node)) {
      const operator = node.operatorToken.getText(file);
      if (operator in OTHER_OPERATOR)
        replace(node.operatorToken, OTHER_OPERATOR[operator], `${operator} becomes ${OTHER_OPERATOR[operator]}`);
    }
    if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.MinusToken)
      replace(node, textOf(node.operand), "minus sign dropped");
    if (ts.isNumericLiteral(node)) replace(node, `${Number(node.text) + 1}`, `${node.text} becomes ${Number(node.text) + 1}`);
    if (node.kind === ts.SyntaxKind.TrueKeyword) replace(node, "false", "true becomes false");
    if (ts.isConditionalExpression(node))
      replace(node, `${textOf(node.condition)} ? ${textOf(node.whenFalse)} : ${textOf(node.whenTrue)}`, "branches exchanged");
    if (
      ts.isArrayLiteralExpression(node) &&
      node.elements.length >= 2 &&
      !ts.isSpreadElement(node.elements[0]) &&
      !ts.isSpreadElement(node.elements[1])
    ) {
      const [a, b, ...rest] = node.elements.map(textOf);
      if (a !== b && ts.isExpression(node)) replace(node, `[${[b, a, ...rest].join(", ")}]`, "first two elements exchanged");
    }
    if (ts.isPropertyAccessExpression(node) && node.name.text in OTHER_NAME && node.expression.getText(file) !== "k")
      replace(node.name, OTHER_NAME[node.name.text], `.${node.name.text} becomes .${OTHER_NAME[node.name.text]}`);
    if (ts.isObjectLiteralExpression(node) && node.properties.length >= 2) {
      const [a, b] = node.properties;
      if (ts.isPropertyAssignment(a) && ts.isPropertyAssignment(b) && textOf(a.initializer) !== textOf(b.initializer)) {
        const swapped =
          source.slice(node.getStart(file), a.initializer.getStart(file)) +
          textOf(b.initializer) +
          source.slice(a.initializer.getEnd(), b.initializer.getStart(file)) +
          textOf(a.initializer) +
          source.slice(b.initializer.getEnd(), node.getEnd());
        replace(node, swapped, `values of ${a.name.getText(file)} and ${b.name.getText(file)} exchanged`);
      }
    }
    ts.forEachChild(node, visit);
  }
  visit(file);
  return mutants.filter(({ start, end, text, what }) => what !== "" && source.slice(start, end) !== text);
}

/** The mutated TypeScript as JavaScript that runs from dist. */
export function transpiled(source, { start, end, text }) {
  const mutated = source.slice(0, start) + text + source.slice(end);
  const { outputText } = ts.transpileModule(mutated, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    },
  });
  return { mutated, outputText };
}
