export type JsonSchema = Readonly<Record<string, unknown>>;

/** The JSON Schema of a type. */
export interface Shape<out T> {
  readonly schema: JsonSchema;
  /** Whether an object may lack it. */
  readonly isOptional?: true;
  /** For the compiler alone. */
  readonly of?: T;
}

const described = <T>(schema: JsonSchema, description?: string): Shape<T> => ({
  schema: description === undefined ? schema : { ...schema, description },
});

/** A whole number. */
export const integer = (description?: string): Shape<number> => described({ type: 'integer' }, description);

/** A whole number that is not negative. */
export const count = (description?: string): Shape<number> =>
  described({ type: 'integer', minimum: 0 }, description);

export const number = (description?: string): Shape<number> => described({ type: 'number' }, description);

export const text = (description?: string): Shape<string> => described({ type: 'string' }, description);

/** One of some texts. */
export const oneOf = <const T extends string>(values: readonly T[], description?: string): Shape<T> =>
  described({ enum: values }, description);

export const truth = (description?: string): Shape<boolean> => described({ type: 'boolean' }, description);

/** A number as 0x and hexadecimal digits. */
export const hexadecimal = (description?: string): Shape<string> =>
  described({ type: 'string', pattern: '^-?0x[0-9a-f]+$' }, description);

export const nullable = <T>({ schema }: Shape<T>): Shape<T | null> => {
  const { description, ...rest } = schema;
  const either = { anyOf: [rest, { type: 'null' }] };
  return { schema: description === undefined ? either : { ...either, description } };
};

export const optional = <T>({ schema }: Shape<T>): Shape<T> => ({ schema, isOptional: true });

export const list = <T>({ schema }: Shape<T>, description?: string): Shape<readonly T[]> =>
  described({ type: 'array', items: schema }, description);

/** An object with any names. */
export const record = <T>({ schema }: Shape<T>, description?: string): Shape<Readonly<Record<string, T>>> =>
  described({ type: 'object', additionalProperties: schema }, description);

/** One of several shapes. */
export const either = <T>(...shapes: readonly Shape<T>[]): Shape<T> => ({
  schema: { anyOf: shapes.map(({ schema }) => schema) },
});

/** An object with exactly these fields. */
export function object<T>(
  fields: { readonly [K in keyof T]-?: Shape<T[K]> },
  description?: string,
): Shape<T> {
  const entries = Object.entries<Shape<unknown>>(fields);
  return described(
    {
      type: 'object',
      properties: Object.fromEntries(entries.map(([name, { schema }]) => [name, schema])),
      required: entries.filter(([, { isOptional }]) => !isOptional).map(([name]) => name),
      additionalProperties: false,
    },
    description,
  );
}
