import { type Command, InvalidArgumentError, Option } from 'commander';
import { EXPORTERS, type Exporter, type ExportOption, type OptionValue, UsageError } from '../index.ts';

/** An option, and the formats that share it. */
interface SharedOption {
  readonly option: ExportOption;
  readonly formats: string[];
}

/** Adds a flag for each option of these exporters; exporters share flags of the same name, whose values may differ. */
export function addExporterOptions(command: Command, exporters: readonly Exporter[]): Command {
  const flags = new Map<string, SharedOption[]>();
  for (const { name, options } of exporters) {
    for (const option of options) {
      if (option.internal) continue;
      const shared = flags.get(option.name) ?? [];
      flags.set(option.name, shared);
      const same = shared.find((s) => s.option.help === option.help);
      if (same) same.formats.push(name);
      else shared.push({ option, formats: [name] });
    }
  }
  for (const shared of flags.values()) command.addOption(flagOf(shared));
  return command;
}

function flagOf(shared: readonly SharedOption[]): Option {
  const { name, type, argument, default: preset } = shared[0]!.option;
  const about = shared
    .map(({ option, formats }) => `${formats.join(', ')}: ${preset === true ? 'no ' : ''}${option.help}`)
    .join('; ');
  if (type === 'boolean') return new Option(preset === true ? `--no-${name}` : `--${name}`, about);
  return new Option(`--${name} <${argument ?? type}>`, about).argParser((text) => {
    const value = type === 'number' ? Number(text) : text;
    // what only some formats take is checked again when the format is known
    const wrong = shared.map(({ option }) => option.check?.(value));
    if (Number.isNaN(value)) wrong.fill('It must be a number.');
    if (!wrong.includes(undefined)) throw new InvalidArgumentError(wrong.join('; '));
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
