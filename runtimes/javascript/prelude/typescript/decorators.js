// Which decorators a file means: TypeScript's older ones (experimentalDecorators), which frameworks are written for, or those of
// ECMAScript. Nobody passes a tsconfig.json along, so the file has to tell: by the comment `// @experimentalDecorators: true`, by a
// decorated parameter, which only the older ones have, or by what the decorators that it declares itself take.
import * as ts from 'typescript';

const SyntaxKind = ts.SyntaxKind;
const OLDER = /\b(PropertyDescriptor|TypedPropertyDescriptor|PropertyKey)\b/, NEWER = /\b(Class|ClassMethod|ClassField|ClassGetter|ClassSetter|ClassAccessor|ClassMember)?DecoratorContext\b/;

/** The functions in a decorator's place: itself, and what it returns. */
function signatures(node) {
  const found = [];
  const visit = (inner, depth) => {
    if (!inner || depth > 3) return;
    if (ts.isFunctionLike(inner) && inner.parameters) {
      found.push(inner);
      if (inner.body) visit(inner.body, depth + 1);
    } else if (inner.kind === SyntaxKind.Block) {
      for (const statement of inner.statements) {
        if (statement.kind === SyntaxKind.ReturnStatement) visit(statement.expression, depth);
        else if (statement.kind === SyntaxKind.FunctionDeclaration) visit(statement, depth + 1);
      }
    } else if (inner.kind === SyntaxKind.ParenthesizedExpression || inner.kind === SyntaxKind.AsExpression) {
      visit(inner.expression, depth);
    } else if (inner.kind === SyntaxKind.VariableDeclaration) {
      visit(inner.initializer, depth);
    }
  };
  visit(node, 0);
  return found;
}

/** Whether the file's decorators are the older ones. */
export function areExperimental(file, text, lookUp) {
  const told = /^\s*\/\/\s*@experimentalDecorators:\s*(true|false)/mi.exec(text);
  if (told) return told[1].toLowerCase() === 'true';
  let older = 0, newer = 0;
  const visit = (node) => {
    if (node.kind === SyntaxKind.Decorator) {
      if (node.parent.kind === SyntaxKind.Parameter) older += 1000;
      let callee = node.expression;
      while (callee.expression) callee = callee.expression;
      const symbol = callee.kind === SyntaxKind.Identifier ? lookUp(callee, callee.escapedText) : undefined;
      for (const made of signatures(symbol?.valueDeclaration)) {
        const parameters = made.parameters.map((parameter) => text.slice(parameter.pos, parameter.end)), whole = parameters.join(',');
        if (NEWER.test(whole)) newer++;
        else if (OLDER.test(whole) || parameters.length > 2 || /:\s*(string|symbol)/.test(parameters[1] ?? '')) older++;
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return older > newer;
}
