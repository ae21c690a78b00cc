import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { type SqlSession, StructPageError, UsageError } from '../index.ts';
import { say, stdout, stdoutData } from './output.ts';
import type { SqlFormat } from './sql-format.ts';
import { printResults } from './sql-results.ts';

const HELP = `Statements end with a semicolon and may take several lines.
.tables   list the tables
.help     print this text
.quit     leave, as does the end of input (Ctrl-D)
`;

/** Reads statements from a terminal until its end. What is wrong with one is told, and the next is read. */
export async function prompt(session: SqlSession, format: SqlFormat): Promise<void> {
  const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: 'sql> ' });
  let statement = '';
  lines.on('SIGINT', () => {
    if (statement === '' && lines.line === '') lines.close();
    else {
      statement = '';
      lines.setPrompt('sql> ');
      process.stdout.write('\n');
      lines.write(null, { ctrl: true, name: 'u' });
      lines.prompt();
    }
  });
  lines.prompt();
  for await (const line of lines) {
    const word = statement === '' ? line.trim() : '';
    if (word === '.quit' || word === '.exit') break;
    if (word === '.help') await stdout(HELP);
    else if (word === '.tables') await printResults(session, 'show all tables', format, stdoutData);
    else {
      statement += `${line}\n`;
      if (/;\s*$/.test(statement)) {
        await tryStatement(session, statement, format);
        statement = '';
      } else if (statement.trim() === '') statement = '';
    }
    lines.setPrompt(statement === '' ? 'sql> ' : '...> ');
    lines.prompt();
  }
  lines.close();
}

async function tryStatement(session: SqlSession, sql: string, format: SqlFormat): Promise<void> {
  try {
    await printResults(session, sql, format, stdoutData);
  } catch (error) {
    if (!(error instanceof StructPageError)) throw error;
    say(error.message);
  }
}

/** All of standard input. */
export async function statementsOfInput(): Promise<string> {
  let text = '';
  process.stdin.setEncoding('utf8');
  for await (const part of process.stdin) text += part;
  return text;
}

/** The statements in a file; `-` is standard input. */
export function readScript(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${(error as Error).message}`);
  }
}
