import { UsageError } from '../core/errors.ts';

export type OptionValue = string | number | boolean;

/** Options by name. `exactOptionalPropertyTypes` aside, undefined means not given. */
export type OptionValues = Readonly<Record<string, OptionValue | undefined>>;

/** An option of an exporter: a flag of the command, and a named option in the library. */
export interface ExportOption {
  readonly name: string;
  readonly type: 'string' | 'number' | 'boolean';
  readonly default?: OptionValue;
  /** One line for the user, without a full stop. */
  readonly help: string;
  /** The name of its value in the help, e.g. `character`. */
  readonly argument?: string;
  /** Whether the command sets it itself, so that it is not a flag. */
  readonly internal?: true;
  /** Returns what is wrong with a value, as a sentence, or undefined. */
  check?(value: OptionValue): string | undefined;
}

/** The options of a format, completed with defaults. Throws UsageError for an unknown option or an invalid value. */
export function checkOptions(
  format: { readonly name: string; readonly options: readonly ExportOption[] },
  given: OptionValues,
): OptionValues {
  const values: Record<string, OptionValue | undefined> = {};
  for (const option of format.options) values[option.name] = option.default;
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const option = format.options.find((o) => o.name === name);
    if (!option) throw new UsageError(`the format ${format.name} has no option '${name}'`);
    if (typeof value !== option.type) {
      throw new UsageError(`option '${name}' must be a ${option.type}, not ${JSON.stringify(value)}`);
    }
    const wrong = option.check?.(value);
    if (wrong !== undefined) throw new UsageError(`option '${name}': ${wrong}`);
    values[name] = value;
  }
  return values;
}
