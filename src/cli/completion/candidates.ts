import type { Command, Option } from 'commander';
import { type ColumnSpec, EXPORTERS, layoutIndex, TABLES } from '../../index.ts';
import { type TableShape, tablesOf } from '../command-tables.ts';
import { isHidden, optionsOf } from '../command-tree.ts';
import { FILE_FORMATS } from '../file-format.ts';
import { SHELLS } from '../shells.ts';
import { SQL_FORMATS } from '../sql-format.ts';
import { expressionCandidates } from './expression.ts';

/** A word that can stand at the cursor. */
export interface Candidate {
  readonly word: string;
  readonly about: string;
}

/** What can stand at the cursor. */
export interface Completion {
  readonly candidates: readonly Candidate[];
  /** Whether names of files can, too. */
  readonly files: boolean;
  /** Whether more of the word may follow, so that no space is added. */
  readonly isOpen: boolean;
}

const NOTHING: Completion = { candidates: [], files: false, isOpen: false };
const FILES: Completion = { candidates: [], files: true, isOpen: false };

/** Placeholders of options that take a file. */
const FILE = /^<(file|socket|folder|kernel|path)>/;
/** Options that take an expression, and lists of columns. */
const EXPRESSIONS = ['--where'];
const COLUMN_LISTS = ['--columns', '--group-by'];

const VALUES: Readonly<Record<string, readonly string[]>> = {
  '--compression': ['snappy', 'zstd', 'none'],
  '--words': ['hex', 'decimal', 'unsigned', 'signed'],
};

/** What can stand at the cursor, after the words before it (without `structpage`) and what is typed of the current one. */
export function completionOf(program: Command, words: readonly string[], current: string): Completion {
  const { command, positional, pending, isLiteral } = walk(program, words);
  if (pending) return valuesOf(command, positional, pending, current);
  if (!isLiteral && current.startsWith('-')) {
    const [, name, value] = /^(--[\w-]+)=(.*)$/s.exec(current) ?? [];
    const option = command.options.find((o) => o.long === name);
    if (name === undefined || value === undefined) return optionNames(command, words, current);
    if (!option) return NOTHING;
    const completion = valuesOf(command, positional, option, value);
    const candidates = completion.candidates.map((c) => ({ ...c, word: `${name}=${c.word}` }));
    return { ...completion, candidates };
  }
  return argumentOf(program, command, positional, current);
}

interface Place {
  readonly command: Command;
  readonly positional: readonly string[];
  /** The option whose value comes next. */
  readonly pending: Option | undefined;
  /** Whether options have ended (`--`). */
  readonly isLiteral: boolean;
}

function walk(program: Command, words: readonly string[]): Place {
  let command = program;
  let pending: Option | undefined;
  let isLiteral = false;
  const positional: string[] = [];
  for (const word of words) {
    if (pending) pending = undefined;
    else if (!isLiteral && word === '--') isLiteral = true;
    else if (!isLiteral && word.startsWith('-')) {
      pending = command.options.find((o) => (o.long === word || o.short === word) && o.required);
    } else {
      const below = positional.length === 0 ? command.commands.find((c) => c.name() === word) : undefined;
      if (below) command = below;
      else positional.push(word);
    }
  }
  return { command, positional, pending, isLiteral };
}

function optionNames(command: Command, words: readonly string[], current: string): Completion {
  const options = optionsOf(command).filter(({ long }) => long && !words.includes(long));
  return among(
    options.map(({ long, description }) => ({ word: long!, about: description })),
    current,
  );
}

function argumentOf(
  program: Command,
  command: Command,
  positional: readonly string[],
  current: string,
): Completion {
  const below = (of: Command): Candidate[] =>
    of.commands.filter((c) => !isHidden(c)).map((c) => ({ word: c.name(), about: c.summary() }));
  if (command.commands.length > 0) return positional.length === 0 ? among(below(command), current) : NOTHING;
  switch (command.name()) {
    case 'help': {
      const { command: reached, positional: unknown } = walk(program, positional);
      return unknown.length === 0 ? among(below(reached), current) : NOTHING;
    }
    case 'completion':
      return positional.length === 0 ? among(plain(SHELLS), current) : NOTHING;
    case 'table':
      if (positional.length > 0) return FILES;
      return among(
        TABLES.map(({ name, help }) => ({ word: name, about: help })),
        current,
      );
  }
  const [argument] = command.registeredArguments;
  if (!argument) return NOTHING;
  // a kernel is a release or a file
  if (/^(kernel|left|right)$/.test(argument.name())) return { ...among(releases(), current), files: true };
  return FILES;
}

function valuesOf(
  command: Command,
  positional: readonly string[],
  option: Option,
  current: string,
): Completion {
  const { long, flags, argChoices } = option;
  if (argChoices) return among(plain(argChoices), current);
  if (EXPRESSIONS.includes(long!)) {
    const candidates = expressionCandidates(current, columnsOf(command, positional));
    return { candidates, files: false, isOpen: true };
  }
  if (COLUMN_LISTS.includes(long!)) return columnList(current, columnsOf(command, positional));
  if (long === '--format') return among(plain(formatsOf(command)), current);
  if (long === '--layout') return { ...among(releases(), current), files: true };
  if (VALUES[long!]) return among(plain(VALUES[long!]!), current);
  return FILE.test(flags.replace(/^[^<]*/, '')) ? FILES : NOTHING;
}

/** Columns separated by commas: the last of them is completed. */
function columnList(current: string, columns: readonly ColumnSpec[]): Completion {
  const [, before, last] = /^(.*,|\+?)(.*)$/s.exec(current)!;
  const given = before!.split(',').map((name) => name.replace(/^\+/, ''));
  const all = before === '' ? [{ word: 'all', about: 'every column' }] : [];
  const candidates = [...columns.map(({ name, help }) => ({ word: name, about: help })), ...all].filter(
    ({ word }) => word.startsWith(last!) && !given.includes(word),
  );
  return {
    candidates: candidates.map((c) => ({ ...c, word: before + c.word })),
    files: false,
    isOpen: true,
  };
}

/** The columns that a command's rows can have; those of one table if it is named. */
function columnsOf(command: Command, [name]: readonly string[]): readonly ColumnSpec[] {
  const tables = tablesOf(command);
  const named = command.name() === 'table' ? tables.filter((t) => t.name === name) : tables;
  const shown: readonly TableShape[] = named.length > 0 ? named : tables;
  const columns = shown.flatMap((table) => table.columns);
  return columns.filter((column, i) => columns.findIndex(({ name }) => name === column.name) === i);
}

function formatsOf(command: Command): readonly string[] {
  if (tablesOf(command).length === 0) return SQL_FORMATS;
  return (command.name() === 'export' ? FILE_FORMATS : EXPORTERS).map((exporter) => exporter.name);
}

function releases(): Candidate[] {
  return layoutIndex().map(({ release, arch }) => ({ word: release, about: arch }));
}

const plain = (words: readonly string[]): Candidate[] => words.map((word) => ({ word, about: '' }));

function among(candidates: readonly Candidate[], current: string): Completion {
  return { ...NOTHING, candidates: candidates.filter(({ word }) => word.startsWith(current)) };
}
