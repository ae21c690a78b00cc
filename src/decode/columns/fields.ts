import { flagsField, type PageColumn } from './page-column.ts';

export const node: PageColumn<'node', 'number'> = {
  name: 'node',
  kind: 'number',
  help: 'NUMA node, from flags',
  numbers: 'uint16',
  inTable: true,
  lane: (context) => flagsField(context, context.layout.fields.node),
};

export const zone: PageColumn<'zone', 'name'> = {
  name: 'zone',
  kind: 'name',
  help: 'zone, from flags, as /proc/zoneinfo names it; ?5 is number 5 where the kernel has no such zone',
  inTable: true,
  names: ({ layout }) => layout.zones,
  unnamedByNumber: true,
  lane: (context) => flagsField(context, context.layout.fields.zone, context.layout.zones),
};

export const lastCpupid: PageColumn<'last_cpupid', 'number'> = {
  name: 'last_cpupid',
  kind: 'number',
  help: 'LAST_CPUPID field of flags; all ones if never set',
  numbers: 'int32',
  mayBeEmpty: true,
  lane(context) {
    const { lastCpupid: field } = context.layout.fields;
    return field.width > 0 ? flagsField(context, field) : { kind: 'empty', as: 'number' };
  },
};
