import type { Command, Option } from 'commander';
import { COLUMNS, EXPORTERS, TABLES } from '../../index.ts';
import { commandsOf, optionsOf, pathOf } from '../command-tree.ts';
import { examplesOf } from '../help.ts';
import {
  bold,
  entry,
  filled,
  heading,
  italic,
  lines,
  paragraph,
  plain,
  section,
  subsection,
} from './roff.ts';

/** Options of at least so many commands are described once. */
const SHARED = 3;

const EXIT_STATUS: readonly (readonly [string, string])[] = [
  ['0', 'Success: the output is complete.'],
  ['1', 'verify: pages differ from what the kernel says.'],
  ['2', 'The command line is wrong.'],
  ['3', 'Something could not be read or written. Messages on standard error say what.'],
  ['4', "The dump or this kernel is not supported, no layout fits, or this machine's memory is not open."],
  ['70', 'An error in structpage itself.'],
];

const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ['TERM', 'If the terminal is dumb, no progress is shown.'],
  ['TMPDIR', 'The folder for temporary files, such as decompressed dumps.'],
  ['XDG_CACHE_HOME', 'The folder of caches; ~/.cache by default.'],
];

const FILES: readonly (readonly [string, string])[] = [
  ['/proc/kcore', 'The memory of this machine, as the kernel sees it.'],
  ['/dev/crash', 'The same, with the crash driver.'],
  ['/dev/mem', 'The same, where the kernel allows it.'],
  ['/proc/vmcore', 'The memory of the kernel that crashed, in the kernel that kdump boots.'],
  ['$XDG_CACHE_HOME/structpage', 'The types of kernels that were read before.'],
];

/** The manual page of structpage, in roff. `date` is that of the release, e.g. 2026-11-22. */
export function manualPage(program: Command, version: string, date: string): string {
  const commands = commandsOf(program);
  const shared = sharedOptions(commands);
  return [
    heading('structpage', date, `structpage ${version}`),
    section('Name'),
    'structpage \\- show what every page frame of a Linux machine is doing\n',
    section('Synopsis'),
    `${bold('structpage')} ${italic('command')} [${italic('options')}] [${italic('dump')} ...]\n`,
    section('Description'),
    filled(
      plain(
        `${program.description()} It shows flags, reference counts, types, what each page is for and whose it is.`,
      ),
    ),
    paragraph(
      `A ${italic('dump')} is an ELF core, a kdump, a raw image, or another file with the memory of a machine, compressed or not. ` +
        `Several files are the parts of one dump. Without a dump, commands read the memory of this machine, for which they need to be run as root; ${bold('structpage doctor')} shows what prevents it.`,
    ),
    paragraph(
      plain(
        "Text that a dump holds is escaped on terminals. 'structpage help' prints this reference by command.",
      ),
    ),
    section('Commands'),
    ...commands.map((command) => commandText(command, shared)),
    section('Options'),
    'These options have the same meaning for every command that takes them.\n',
    ...sharedTexts([...shared.values()]),
    section('Columns'),
    'The columns of the table of pages, in the order of the output:\n',
    ...COLUMNS.map(({ name, help }) => entry(bold(name), sentence(help))),
    subsection('Tables'),
    filled(`Tables for ${bold('structpage table')}, which are also tables of ${bold('structpage sql')}:`),
    ...TABLES.map(({ name, help }) => entry(bold(name), sentence(help))),
    ...labelled('Exit status', EXIT_STATUS),
    ...labelled('Environment', ENVIRONMENT),
    ...labelled('Files', FILES),
    section('Examples'),
    'vmcore stands for a dump.\n',
    lines([...new Set([program, ...commands].flatMap((command) => examplesOf(command)))]),
    section('See also'),
    `${['crash', 'makedumpfile'].map((name) => `${bold(name)}(8)`).join(', ')}, ${bold('proc')}(5)\n`,
  ].join('');
}

/** Options that several commands have in common, by flags and help. */
function sharedOptions(commands: readonly Command[]): Map<string, Option> {
  const times = new Map<string, number>();
  const options = new Map<string, Option>();
  for (const option of commands.flatMap((command) => [...optionsOf(command)])) {
    const key = keyOf(option);
    times.set(key, (times.get(key) ?? 0) + 1);
    options.set(key, option);
  }
  return new Map([...options].filter(([key]) => times.get(key)! >= SHARED));
}

const keyOf = ({ flags, description }: Option): string => `${flags}\n${description}`;

function commandText(command: Command, shared: ReadonlyMap<string, Option>): string {
  const options = optionsOf(command).filter((option) => option.long !== '--help');
  const own = options.filter((option) => !shared.has(keyOf(option)));
  const common = options.filter((option) => shared.has(keyOf(option)));
  const also = common.map((option) => bold(option.long!)).join(', ');
  return [
    subsection(`structpage ${pathOf(command)} ${command.usage()}`.trim()),
    filled(plain(command.description())),
    ...command.registeredArguments
      .filter(({ variadic, required }) => required || !variadic)
      .map((argument) => entry(italic(argument.name()), sentence(argument.description))),
    ...own.map(optionText),
    also === '' ? '' : paragraph(`Also takes ${also}.`),
  ].join('');
}

/** Options of the same name, which some commands mean in another way, are one entry. */
function sharedTexts(options: readonly Option[]): string[] {
  const byFlags = new Map<string, Option[]>();
  for (const option of options) byFlags.set(option.flags, [...(byFlags.get(option.flags) ?? []), option]);
  return [...byFlags.values()].map(([first, ...others]) =>
    entry(
      flagsText(first!),
      [meaningOf(first!), ...others.map((other) => `For other commands: ${meaningOf(other)}`)].join(' '),
    ),
  );
}

const optionText = (option: Option): string => entry(flagsText(option), meaningOf(option));

function meaningOf(option: Option): string {
  const { description, argChoices, defaultValue, negate } = option;
  const more = [
    ...(argChoices ? [`One of ${argChoices.join(', ')}.`] : []),
    ...(typeof defaultValue === 'string' || typeof defaultValue === 'number'
      ? negate
        ? []
        : [`The default is ${defaultValue}.`]
      : []),
  ];
  return [sentence(description), ...more].join(' ');
}

/** The flags with the name of the value in italics. */
function flagsText({ flags }: Option): string {
  return flags
    .split(/(<[^>]*>|\[[^\]]*\])/)
    .map((part) => (/^[<[]/.test(part) ? italic(part.replace(/^<|>$/g, '')) : part.replace(/[^,\s]+/g, bold)))
    .join('');
}

/** Help that begins with names of formats, or with a name of the kernel's, which stay as they are. */
const OF_FORMATS: RegExp = new RegExp(`^((${EXPORTERS.map((e) => e.name).join('|')})[,:]|\\w+\\()`);

/** A line of help as a sentence. */
function sentence(help: string): string {
  const text = OF_FORMATS.test(help) ? help : help[0]!.toUpperCase() + help.slice(1);
  return /[.!]$/.test(text) ? text : `${text}.`;
}

function labelled(title: string, entries: readonly (readonly [string, string])[]): string[] {
  return [section(title), ...entries.map(([name, text]) => entry(bold(name), text))];
}
