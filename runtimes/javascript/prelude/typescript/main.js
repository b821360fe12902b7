// TypeScript: from a source to JavaScript with every token in its place. TypeScript's own parser, binder, transformers and printer do
// it, file by file (`isolatedModules`), without its checker: of types nothing is checked.
import * as ts from 'typescript';
import { Layout } from './layout.js';
import { createResolver, lookUp } from './names.js';
import { areExperimental } from './decorators.js';

const SyntaxKind = ts.SyntaxKind;
const LATEST = ts.ScriptTarget.ESNext;
/** Statements that end in a semicolon, which the person may have left out. */
const ended = new Set([SyntaxKind.ExpressionStatement, SyntaxKind.VariableStatement, SyntaxKind.ReturnStatement, SyntaxKind.ThrowStatement, SyntaxKind.BreakStatement,
  SyntaxKind.ContinueStatement, SyntaxKind.DebuggerStatement, SyntaxKind.DoStatement, SyntaxKind.ImportDeclaration, SyntaxKind.ExportDeclaration, SyntaxKind.ExportAssignment, SyntaxKind.PropertyDeclaration]);

/** What is to be known of a file before it is transformed, found in one walk. */
function survey(file) {
  const moved = []; // ranges whose names are replaced when they are printed
  let decorated = false, exportEquals = false;
  const visit = (node) => {
    switch (node.kind) {
      case SyntaxKind.ModuleDeclaration: case SyntaxKind.EnumDeclaration: moved.push(node); break;
      case SyntaxKind.ExportAssignment: exportEquals ||= node.isExportEquals === true; break;
      case SyntaxKind.ClassDeclaration: case SyntaxKind.ClassExpression:
        if (node.transformFlags & ts.TransformFlags.ContainsDecorators) { decorated = true; moved.push(node); }
        else if (node.members.some((member) => ts.isAutoAccessorPropertyDeclaration(member))) moved.push(node);
        break;
      default:
    }
    if (node.transformFlags & ts.TransformFlags.ContainsTypeScript || node.kind === SyntaxKind.SourceFile || node.transformFlags & ts.TransformFlags.ContainsDecorators ||
      node.transformFlags & ts.TransformFlags.ContainsClassFields) ts.forEachChild(node, visit);
  };
  visit(file);
  return { moved, decorated, exportEquals };
}

function print(file, source, transformed, moved, first) {
  const layout = new Layout(ts.getLineStarts(file), first);
  const isKept = (node) => {
    if (node.pos < 0 || node.flags & ts.NodeFlags.Synthesized || node.emitNode || node.kind === SyntaxKind.SourceFile) return false;
    for (const range of moved) if (node.end > range.pos && node.pos < range.end) return false;
    return true;
  };
  const onEmitNode = (hint, node, emit) => {
    if (isKept(node)) {
      const start = ts.skipTrivia(source, node.pos);
      layout.copy(source.slice(start, node.end), start);
      if (ended.has(node.kind) && source.charCodeAt(node.end - 1) !== 59) layout.write(';');
      return;
    }
    // The declaration that a parameter property adds to its class comes before the constructor it is written in.
    const early = node.kind === SyntaxKind.PropertyDeclaration && ts.getOriginalNode(node).kind === SyntaxKind.Parameter;
    if (early) layout.still++;
    transformed.emitNodeWithNotification(hint, node, emit);
    if (early) layout.still--;
  };
  const printer = ts.createPrinter({ newLine: ts.NewLineKind.LineFeed, target: LATEST, module: ts.ModuleKind.Preserve, removeComments: true, sourceMap: true },
    { hasGlobalName: () => false, onEmitNode, isEmitNotificationEnabled: () => true, substituteNode: transformed.substituteNode });
  const map = {
    addSource: () => 0, setSourceContent() {}, addName: () => 0,
    addMapping: (offset) => layout.moveTo(offset),
  };
  printer.writeFile(transformed.transformed[0], layout, map);
  return layout.text;
}

/** `{ text }`, the JavaScript of a source whose first line has the number `first`, or `{ message, line, column }` of its first syntax error. */
export function transpile(source, name, first = 1) {
  // Imports that nothing uses are dropped in TypeScript, as they may be types. JavaScript with a wrong import has to stay wrong.
  const verbatimModuleSyntax = !/\.[cm]?ts$/.test(name);
  const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.Preserve, isolatedModules: true, verbatimModuleSyntax, useDefineForClassFields: true, experimentalDecorators: false };
  const file = ts.createSourceFile(name, source.startsWith('#!') ? `//${source.slice(2)}` : source, {
    languageVersion: LATEST, jsDocParsingMode: ts.JSDocParsingMode.ParseNone, setExternalModuleIndicator(parsed) { parsed.externalModuleIndicator = true; },
  }, false, ts.ScriptKind.TS);
  const [problem] = file.parseDiagnostics;
  if (problem) {
    const { line, character } = ts.getLineAndCharacterOfPosition(file, problem.start);
    return { message: typeof problem.messageText === 'string' ? problem.messageText : problem.messageText.messageText, line: line + first, column: character + 1 };
  }
  ts.bindSourceFile(file, options);
  const { moved, decorated, exportEquals } = survey(file);
  const transformers = [ts.transformTypeScript];
  if (decorated) {
    options.experimentalDecorators = areExperimental(file, source, lookUp);
    transformers.push(options.experimentalDecorators ? ts.transformLegacyDecorators : ts.transformESDecorators);
  }
  transformers.push(ts.transformClassFields);
  if (exportEquals) {
    options.module = ts.ModuleKind.CommonJS;
    options.esModuleInterop = true;
    moved.push(file);
  }
  transformers.push(exportEquals ? ts.transformModule : ts.transformECMAScriptModule);
  const host = { getEmitHelpersModule() {}, getCompilerOptions: () => options, isEmitBlocked: () => false };
  const transformed = ts.transformNodes(createResolver(file), host, ts.factory, options, [file], transformers, false);
  if (transformed.transformed[0] === file) return { text: source };
  return { text: print(file, source, transformed, moved, first) };
}

const WRAPPER = 'async function ampoule_body() {';

/** The JavaScript of a source, undefined if it is just that, or `{ message, line, column }`. Of a body, which stands in a function: what is between
 *  the line before its first and the function's end. */
export function translate(source, name, isBody) {
  const whole = isBody ? `${WRAPPER}\n${source}\n}` : source;
  const result = transpile(whole, name, isBody ? 0 : 1);
  if (result.text === undefined) return result;
  if (result.text === whole) return undefined;
  if (!isBody) return result.text;
  const start = result.text.indexOf(WRAPPER), body = result.text.slice(start + WRAPPER.length, result.text.lastIndexOf('}'));
  return result.text.slice(0, start) + (body.startsWith('\n') ? '' : '\n') + body;
}

// What is made at its first use is made before the snapshot.
translate('import { a } from "a";\nenum E { A = 1, B = A << 1 }\nnamespace N { export const x: number = 1; }\nclass C<T> { constructor(private x: T) {} m(): T { return this.x as T; } }\n' +
  'export async function main({ a }: { a: string }): Promise<string> { for (const x of [1]) { if (x) await `${x}`; } return a!.length satisfies unknown; }\n', 'warm.ts', false);
