/**
 * Checks a value against the part of JSON Schema 2020-12 that layouts/schema.json uses, and returns what is wrong. A
 * keyword that is not known here is an error, so that the schema cannot outgrow this.
 */
export function violations(value: unknown, schema: Schema, root: Schema = schema, path = '$'): string[] {
  const out: string[] = [];
  const say = (text: string): number => out.push(`${path}: ${text}`);
  for (const [keyword, rule] of Object.entries(schema)) {
    switch (keyword) {
      case '$schema':
      case '$id':
      case '$defs':
      case 'title':
      case 'description':
        break;
      case '$ref': {
        const definition = (root.$defs as Record<string, Schema>)[String(rule).replace('#/$defs/', '')]!;
        out.push(...violations(value, definition, root, path));
        break;
      }
      case 'type':
        if (typeOf(value) !== rule) say(`${typeOf(value)} instead of ${rule}`);
        break;
      case 'const':
        if (value !== rule) say(`not ${rule}`);
        break;
      case 'enum':
        if (!(rule as unknown[]).includes(value)) say('not one of the values');
        break;
      case 'pattern':
        if (!new RegExp(rule as string, 'u').test(String(value))) say(`does not match ${rule}`);
        break;
      case 'minLength':
        if (String(value).length < (rule as number)) say('too short');
        break;
      case 'minimum':
        if ((value as number) < (rule as number)) say(`below ${rule}`);
        break;
      case 'minItems':
        if ((value as unknown[]).length < (rule as number)) say('too few items');
        break;
      case 'maxItems':
        if ((value as unknown[]).length > (rule as number)) say('too many items');
        break;
      case 'items':
        for (const [i, item] of (value as unknown[]).entries()) {
          out.push(...violations(item, rule as Schema, root, `${path}[${i}]`));
        }
        break;
      case 'required':
        for (const key of rule as string[]) if (!Object.hasOwn(value as object, key)) say(`no ${key}`);
        break;
      case 'properties':
        for (const [key, inner] of Object.entries(rule as Record<string, Schema>)) {
          const record = value as Record<string, unknown>;
          if (Object.hasOwn(record, key)) out.push(...violations(record[key], inner, root, `${path}.${key}`));
        }
        break;
      case 'additionalProperties':
        for (const [key, inner] of Object.entries(value as Record<string, unknown>)) {
          if (Object.hasOwn((schema.properties ?? {}) as object, key)) continue;
          if (rule === false) say(`unknown ${key}`);
          else out.push(...violations(inner, rule as Schema, root, `${path}.${key}`));
        }
        break;
      case 'anyOf':
        if ((rule as Schema[]).every((option) => violations(value, option, root, path).length > 0)) {
          say('none of the alternatives');
        }
        break;
      default:
        say(`the schema has ${keyword}, which this check does not know`);
    }
    if (keyword === 'type' && out.length > 0) return out;
  }
  return out;
}

export type Schema = Readonly<Record<string, unknown>>;

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (value === null) return 'null';
  return Number.isInteger(value) ? 'integer' : typeof value;
}
