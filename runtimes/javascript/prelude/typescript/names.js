// What names mean, as far as one file tells: the part of TypeScript's checker that its transformers ask (EmitResolver). Names are
// looked up in the scopes that its binder has found.
import * as ts from 'typescript';

const SyntaxKind = ts.SyntaxKind, SymbolFlags = ts.SymbolFlags;
const VALUE = SymbolFlags.Value | SymbolFlags.ExportValue | SymbolFlags.Alias;

const isModuleOrEnum = (node) => node.kind === SyntaxKind.ModuleDeclaration || node.kind === SyntaxKind.EnumDeclaration;

/** The symbol that a name stands for where it is written; undefined if it is none of the file's. */
export function lookUp(node, text, meaning = VALUE) {
  for (let scope = node.parent, from = node; scope; from = scope, scope = scope.parent) {
    const local = scope.locals?.get(text);
    // a parameter's default and a decorator do not see what is declared in the body
    if (local && local.flags & meaning) return local;
    if (isModuleOrEnum(scope) && from !== scope.name) {
      const member = scope.symbol?.exports?.get(text);
      if (member && member.flags & meaning) return member;
    }
    if ((scope.kind === SyntaxKind.FunctionExpression || scope.kind === SyntaxKind.ClassExpression) && scope.name?.escapedText === text) return scope.symbol;
  }
  return undefined;
}

/** Whether an identifier is a use of a value, not the name of something, of a property or of a type. */
function isUse(node, parent) {
  switch (parent.kind) {
    case SyntaxKind.PropertyAccessExpression: return parent.expression === node;
    case SyntaxKind.QualifiedName: return parent.left === node;
    case SyntaxKind.ExportSpecifier: return (parent.propertyName ?? parent.name) === node && !parent.parent.parent.moduleSpecifier;
    case SyntaxKind.ImportSpecifier: case SyntaxKind.ImportClause: case SyntaxKind.NamespaceImport: case SyntaxKind.NamespaceExport: return false;
    case SyntaxKind.BindingElement: return parent.initializer === node;
    case SyntaxKind.ShorthandPropertyAssignment: return true;
    case SyntaxKind.LabeledStatement: case SyntaxKind.BreakStatement: case SyntaxKind.ContinueStatement: case SyntaxKind.MetaProperty: return false;
    default: return parent.name !== node;
  }
}

const isErased = (node) => (node.kind >= SyntaxKind.FirstTypeNode && node.kind <= SyntaxKind.LastTypeNode && node.kind !== SyntaxKind.ExpressionWithTypeArguments) ||
  node.kind === SyntaxKind.InterfaceDeclaration || node.kind === SyntaxKind.TypeAliasDeclaration || node.kind === SyntaxKind.TypeParameter ||
  (node.kind === SyntaxKind.HeritageClause && node.token === SyntaxKind.ImplementsKeyword) ||
  (node.modifiers?.some((modifier) => modifier.kind === SyntaxKind.DeclareKeyword) ?? false);

/** Calls `visit` with every use of a value below `node`. */
function eachUse(node, visit) {
  if (isErased(node)) return;
  if (node.kind === SyntaxKind.Identifier) {
    if (isUse(node, node.parent)) visit(node);
    return;
  }
  ts.forEachChild(node, (child) => eachUse(child, visit));
}

/** The declarations by import that are used as values in the file. */
function usedImports(file) {
  const names = new Set(), used = new Set();
  const collect = (node) => {
    if (node.kind === SyntaxKind.ImportDeclaration) {
      const clause = node.importClause;
      if (clause?.name) names.add(clause.name.escapedText);
      const bindings = clause?.namedBindings;
      if (bindings?.kind === SyntaxKind.NamespaceImport) names.add(bindings.name.escapedText);
      else bindings?.elements.forEach((element) => names.add(element.name.escapedText));
    } else if (node.kind === SyntaxKind.ImportEqualsDeclaration) {
      names.add(node.name.escapedText);
    } else if (node.kind === SyntaxKind.ModuleDeclaration || node.kind === SyntaxKind.ModuleBlock) {
      ts.forEachChild(node, collect);
    }
  };
  file.statements.forEach(collect);
  if (names.size > 0) {
    eachUse(file, (node) => {
      if (!names.has(node.escapedText)) return;
      lookUp(node, node.escapedText)?.declarations?.forEach((declaration) => used.add(declaration));
    });
  }
  return used;
}

/** Whether a class is used by its name within itself: then what decorators make of it is used. */
function refersToItself(node) {
  let found = false;
  if (node.name) ts.forEachChild(node, (child) => eachUse(child, (use) => { found ||= use.escapedText === node.name.escapedText && lookUp(use, use.escapedText) === node.symbol; }));
  return found;
}

export function createResolver(file) {
  let used;
  const parsed = (node) => ts.getParseTreeNode(node);
  const valueOf = (node) => {
    const identifier = parsed(node);
    return identifier?.kind === SyntaxKind.Identifier ? lookUp(identifier, identifier.escapedText) : undefined;
  };
  const isUsed = (node) => (used ??= usedImports(file)).has(parsed(node));
  const isClauseUsed = (node) => {
    const original = parsed(node);
    if (!original) return true;
    if (isUsed(original)) return true;
    const bindings = original.kind === SyntaxKind.ImportClause ? original.namedBindings : original;
    if (bindings?.kind === SyntaxKind.NamedImports) return bindings.elements.some(isUsed);
    return bindings !== undefined && isUsed(bindings);
  };
  const isValue = (name, otherwise = true) => {
    const symbol = lookUp(name, name.escapedText, -1);
    return symbol === undefined ? otherwise : (symbol.flags & (SymbolFlags.Value | SymbolFlags.Alias | SymbolFlags.ExportValue)) !== 0;
  };
  const leftmost = (entity) => { while (entity.left) entity = entity.left; return entity; };

  // The values of enums: what each member counts to.
  const members = new Map();
  const evaluate = ts.createEvaluator({
    evaluateEntityNameExpression(expression) {
      const none = { value: undefined, isSyntacticallyString: false, resolvedOtherFiles: false, hasExternalReferences: false };
      let symbol;
      if (expression.kind === SyntaxKind.Identifier) {
        if (expression.escapedText === 'Infinity' || expression.escapedText === 'NaN') return { ...none, value: +expression.escapedText };
        symbol = lookUp(expression, expression.escapedText);
      } else if (expression.expression.kind === SyntaxKind.Identifier) {
        symbol = lookUp(expression.expression, expression.expression.escapedText)?.exports?.get(expression.name.escapedText);
      }
      const declaration = symbol?.valueDeclaration;
      if (declaration?.kind === SyntaxKind.EnumMember) return valueOfMember(declaration);
      if (declaration?.kind === SyntaxKind.VariableDeclaration && declaration.initializer && !declaration.type && declaration.parent.flags & ts.NodeFlags.Const &&
        declaration.pos < expression.pos) return evaluate(declaration.initializer, declaration);
      return none;
    },
    evaluateElementAccessExpression(expression) {
      const key = expression.argumentExpression;
      const symbol = expression.expression.kind === SyntaxKind.Identifier && ts.isStringLiteralLike(key)
        ? lookUp(expression.expression, expression.expression.escapedText)?.exports?.get(ts.escapeLeadingUnderscores(key.text)) : undefined;
      const declaration = symbol?.valueDeclaration;
      return declaration?.kind === SyntaxKind.EnumMember ? valueOfMember(declaration)
        : { value: undefined, isSyntacticallyString: false, resolvedOtherFiles: false, hasExternalReferences: false };
    },
  });
  function valueOfMember(member) {
    const known = members.get(member);
    if (known) return known;
    const result = { value: undefined, isSyntacticallyString: false, resolvedOtherFiles: false, hasExternalReferences: false };
    members.set(member, result); // one that depends on itself has none
    if (member.initializer) {
      Object.assign(result, evaluate(member.initializer, member));
    } else {
      const list = member.parent.members, at = list.indexOf(member);
      const before = at > 0 ? valueOfMember(list[at - 1]).value : -1;
      if (typeof before === 'number') result.value = before + 1;
    }
    return result;
  }

  return {
    ...ts.notImplementedResolver,
    isReferencedAliasDeclaration: isClauseUsed,
    isValueAliasDeclaration(node) {
      const original = parsed(node);
      switch (original?.kind) {
        case SyntaxKind.ExportSpecifier: return original.parent.parent.moduleSpecifier !== undefined || original.propertyName?.kind === SyntaxKind.StringLiteral || isValue(original.propertyName ?? original.name);
        case SyntaxKind.ExportDeclaration: return original.exportClause?.kind !== SyntaxKind.NamedExports || original.exportClause.elements.some((element) => this.isValueAliasDeclaration(element));
        case SyntaxKind.ExportAssignment: return original.expression.kind !== SyntaxKind.Identifier || isValue(original.expression);
        default: return true;
      }
    },
    isTopLevelValueImportEqualsWithEntityName(node) {
      const original = parsed(node);
      return original?.parent.kind === SyntaxKind.SourceFile && ts.isInternalModuleImportEqualsDeclaration(original) && isValue(leftmost(original.moduleReference));
    },
    getConstantValue: () => undefined,
    getExternalModuleFileFromDeclaration: () => undefined,
    getEnumMemberValue: (member) => valueOfMember(parsed(member)),
    getReferencedExportContainer(node, prefixLocals) {
      const identifier = parsed(node);
      if (identifier?.kind !== SyntaxKind.Identifier) return undefined;
      let symbol = isModuleOrEnum(identifier.parent) && identifier.parent.name === identifier ? identifier.parent.symbol : lookUp(identifier, identifier.escapedText);
      if (!symbol) return undefined;
      if (symbol.flags & SymbolFlags.ExportValue) {
        const exported = symbol.exportSymbol;
        if (!prefixLocals && exported.flags & SymbolFlags.ExportHasLocal && !(exported.flags & SymbolFlags.Variable)) return undefined;
        symbol = exported;
      }
      const { parent } = symbol;
      if (!parent) return undefined;
      if (parent.valueDeclaration?.kind === SyntaxKind.SourceFile) return parent.valueDeclaration;
      for (let scope = identifier.parent; scope; scope = scope.parent) if (isModuleOrEnum(scope) && scope.symbol === parent) return scope;
      return undefined;
    },
    getReferencedImportDeclaration(node) {
      const symbol = valueOf(node);
      return symbol && symbol.flags & SymbolFlags.Alias && !(symbol.flags & SymbolFlags.Value) ? symbol.declarations?.find((declaration) => declaration.kind !== SyntaxKind.ImportEqualsDeclaration || !ts.isInternalModuleImportEqualsDeclaration(declaration)) : undefined;
    },
    getReferencedValueDeclaration: (node) => valueOf(node)?.valueDeclaration,
    getReferencedValueDeclarations: (node) => valueOf(node)?.declarations,
    hasNodeCheckFlag(node, flag) {
      const original = parsed(node);
      if (!original) return false;
      if (flag === ts.NodeCheckFlags.ContainsConstructorReference) return ts.isClassLike(original) && refersToItself(original);
      if (flag === ts.NodeCheckFlags.ConstructorReference) {
        const declaration = original.kind === SyntaxKind.Identifier && original.parent.name !== original ? valueOf(original)?.valueDeclaration : undefined;
        for (let scope = original.parent; declaration && scope; scope = scope.parent) if (scope === declaration) return ts.isClassLike(scope);
      }
      return false;
    },
  };
}
