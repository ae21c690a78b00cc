import { COLUMNS, type ColumnKind, type ColumnSpec, KNOWN_NAMES } from '../../index.ts';
import type { Candidate } from './candidates.ts';

const OPERATORS: Readonly<Record<ColumnKind, readonly string[]>> = {
  number: ['==', '!=', '<', '<=', '>', '>=', 'in', 'is empty'],
  word: ['==', '!=', '<', '<=', '>', '>=', 'in', 'is empty'],
  name: ['==', '!=', 'in', 'like', '=~', 'is empty'],
  set: ['has', 'has any', 'has all'],
};

/** Zones of all kernels (enum zone_type). */
const ZONES = ['DMA', 'DMA32', 'Normal', 'HighMem', 'Movable', 'Device'];

/** What may follow in an expression for --where; each candidate has the whole text. */
export function expressionCandidates(text: string, columns: readonly ColumnSpec[]): Candidate[] {
  const [, before, token] = /^(.*?)([\w.*-]*)$/s.exec(text)!;
  const complete = (words: readonly Candidate[]): Candidate[] =>
    words.filter(({ word }) => word.startsWith(token!)).map((c) => ({ ...c, word: before + c.word }));
  const column = (name: string | undefined): ColumnSpec | undefined => columns.find((c) => c.name === name);
  const plain = (words: readonly string[]): Candidate[] =>
    complete(words.map((word) => ({ word, about: '' })));

  const [, compared] = /(\w+)\s*(?:==|!=|\bin\s*\((?:[^()]*,)?)\s*$/.exec(before!) ?? [];
  if (compared !== undefined) return plain(namesOf(column(compared)));
  const [, set] = /(\w+)\s+has\s+(?:(?:any|all)\s*)?(?:\((?:[^()]*,)?\s*)?$/.exec(before!) ?? [];
  if (set !== undefined) return plain(namesOf(column(set)));
  if (/(?:^|&&|\|\||\bnot|\band|\bor|[(!])\s*$/.test(before!)) {
    const found = complete(columns.map(({ name, help }) => ({ word: name, about: help })));
    const [only] = found;
    // the only candidate would end the word
    return found.length === 1 ? operators(only!.word, column(only!.word.slice(before!.length))!) : found;
  }
  const last = column(/(\w+)\s+$/.exec(before!)?.[1]);
  const isOperand = /(?:==|!=|<=?|>=?|\bhas(?:\s+(?:any|all))?|\blike|=~)\s*\w+\s+$/.test(before!);
  if (last && !isOperand) return plain(OPERATORS[last.kind]);
  return /\s$/.test(before!) ? plain(['&&', '||']) : [];
}

function operators(text: string, { kind, help }: ColumnSpec): Candidate[] {
  return OPERATORS[kind].map((operator) => ({ word: `${text} ${operator}`, about: help }));
}

/** The names that a column can have, as far as they are known without a dump. */
function namesOf(column: ColumnSpec | undefined): readonly string[] {
  switch (column?.name) {
    case undefined:
      return [];
    case 'flags':
    case 'type':
      return KNOWN_NAMES[column.name];
    case 'zone':
      return ZONES;
  }
  const names = COLUMNS.find((c) => c === column)?.names as (() => readonly string[]) | undefined;
  // others need the kernel
  return names?.length === 0 ? names() : [];
}
