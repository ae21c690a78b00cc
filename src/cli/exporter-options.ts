import { type Command, InvalidArgumentError, Option } from 'commander';
import { EXPORTERS, type Exporter, type ExportOption, type OptionValue, UsageError } from '../index.ts';

/** Adds a flag for each option of these exporters; exporters share flags of the same name. */
export function addExporterOptions(command: Command, exporters: readonly Exporter[]): Command {
  const flags = new Map<string, { option: ExportOption; formats: string[] }>();
  for (const { name, options } of exporters) {
    for (const option of options) {
      if (option.internal) continue;
      const flag = flags.get(option.name);
      if (flag) flag.formats.push(name);
      else flags.set(option.name, { option, formats: [name] });
    }
  }
  for (const { option, formats } of flags.values()) command.addOption(flagOf(option, formats));
  return command;
}

function flagOf(option: ExportOption, formats: readonly string[]): Option {
  const { name, type, argument } = option;
  const about = `${formats.join(', ')}: ${option.default === true ? 'no ' : ''}${option.help}`;
  if (type === 'boolean') return new Option(option.default === true ? `--no-${name}` : `--${name}`, about);
  return new Option(`--${name} <${argument ?? type}>`, about).argParser((text) => {
    const value = type === 'number' ? Number(text) : text;
    const wrong = option.check?.(value) ?? (Number.isNaN(value) ? 'It must be a number.' : undefined);
    if (wrong !== undefined) throw new InvalidArgumentError(wrong);
    return value;
  });
}

/** Picks the options of an exporter from those of a command. Throws UsageError for an option of other exporters. */
export function exporterOptionsOf(
  exporter: Exporter,
  given: Readonly<Record<string, unknown>>,
): Record<string, OptionValue> {
  const values: Record<string, OptionValue> = {};
  for (const option of EXPORTERS.flatMap((e) => e.options)) {
    const { name } = option;
    const value = given[name];
    if (option.internal || value === undefined || value === (option.default ?? false)) continue;
    const owners = EXPORTERS.filter((e) => e.options.some((o) => o.name === name));
    if (!owners.includes(exporter)) {
      const flag = option.default === true ? `--no-${name}` : `--${name}`;
      const formats = owners.map((e) => e.name).join(' and ');
      throw new UsageError(`${flag} is an option of ${formats}; the format is ${exporter.name}`);
    }
    values[name] = value as OptionValue;
  }
  return values;
}

/** Finds an exporter by name. Throws UsageError with the known names. */
export function exporterNamed(name: string): Exporter {
  const found = EXPORTERS.find((e) => e.name === name);
  if (found) return found;
  throw new UsageError(`there is no format '${name}'; choose ${EXPORTERS.map((e) => e.name).join(', ')}`);
}
