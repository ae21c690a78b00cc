import type { Expression, Value } from './syntax.ts';

/** The text of a value, with the necessary parentheses. */
export function printValue(value: Value): string {
  switch (value.kind) {
    case 'number':
      return String(value.value);
    case 'column':
      return value.column;
    case 'unary':
      return value.operator + operand(value.operand);
    case 'binary':
      return `${operand(value.left)} ${value.operator} ${operand(value.right)}`;
  }
}

function operand(value: Value): string {
  const text = printValue(value);
  return value.kind === 'column' || (value.kind === 'number' && value.value >= 0n) ? text : `(${text})`;
}

/** The text of an expression; parseExpression() turns it back into the same expression. */
export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return expression.terms
        .map((term) =>
          term.kind === 'and' || term.kind === 'or' ? `(${printExpression(term)})` : printExpression(term),
        )
        .join(expression.kind === 'and' ? ' && ' : ' || ');
    case 'not':
      return `!(${printExpression(expression.operand)})`;
    case 'compare':
      return `${printValue(expression.left)} ${expression.operator} ${printValue(expression.right)}`;
    case 'nonzero':
      return printValue(expression.value);
    case 'in':
      return `${printValue(expression.value)} in (${expression.numbers.join(', ')})`;
    case 'named':
      return `${expression.column} in (${expression.names.map(quote).join(', ')})`;
    case 'pattern':
      return `${expression.column} ${expression.operator} ${quote(expression.pattern)}`;
    case 'has':
    case 'holds':
      return `${expression.column} has ${expression.how} (${expression.names.map(quote).join(', ')})`;
    case 'empty':
      return `${printValue(expression.value)} is empty`;
  }
}

function quote(name: string): string {
  return name.includes("'") ? `"${name}"` : `'${name}'`;
}
