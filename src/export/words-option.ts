import type { WordForm } from '../table/row-style.ts';
import type { ExportOption, OptionValues } from './options.ts';

/** How formats of text write 64-bit words. */
export const wordsOption: ExportOption = {
  name: 'words',
  type: 'string',
  default: 'hex',
  argument: 'form',
  help: "write 64-bit words as 'hex' or 'decimal'",
  check: (value) => (value === 'hex' || value === 'decimal' ? undefined : "it must be 'hex' or 'decimal'"),
};

/** How typed formats write 64-bit words. */
export const signOption: ExportOption = {
  name: 'words',
  type: 'string',
  default: 'unsigned',
  argument: 'form',
  help: "write 64-bit words as 'unsigned' numbers or, for engines without that type, as 'signed'",
  check: (value) =>
    value === 'unsigned' || value === 'signed' ? undefined : "it must be 'unsigned' or 'signed'",
};

/** The form of words that checked options ask for. */
export function wordsOf({ words }: OptionValues): WordForm {
  return words === 'decimal' ? 'decimal' : 'hex';
}
