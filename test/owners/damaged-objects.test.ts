import { expect, test } from 'vitest';
import { type Inspector, openMemory } from '../../src/index.ts';
import { groupPages } from '../../src/inspector/group-pages.ts';
import { addressSpaces, processes } from '../../src/objects/tasks.ts';

const FIXTURE = new URL('../fixtures/x86_64-objects-6.1.elf.zst', import.meta.url).pathname;

/** Words that are put over the kernel's memory, by virtual address. */
type Damage = (memory: Inspector) => readonly (readonly [address: bigint, word: bigint])[];

/** The owners of pages with damaged memory: their number by owner, and what could not be followed. */
async function ownersWith(damage: Damage): Promise<{ owners: Map<string, number>; gaps: string[] }> {
  const whole = await openMemory(FIXTURE);
  const words = damage(whole).map(
    ([address, word]) => [whole.objects.memory.physical(address)!, word] as const,
  );
  whole.close();
  const memory = await openMemory(FIXTURE);
  const image = memory.image.memory as { readInto(address: number, target: Uint8Array): number };
  const read = image.readInto.bind(image);
  image.readInto = (address, target) => {
    const got = read(address, target);
    for (const [at, word] of words) {
      const bytes = new Uint8Array(BigUint64Array.of(word).buffer);
      for (let i = 0; i < 8; i++) {
        const to = at + i - address;
        if (to >= 0 && to < got) target[to] = bytes[i]!;
      }
    }
    return got;
  };
  try {
    const groups = groupPages(memory, ['owner', 'memcg']);
    const owners = new Map<string, number>();
    for (const { values, pages } of groups) owners.set(values[0]!, (owners.get(values[0]!) ?? 0) + pages);
    return { owners, gaps: memory.gaps.map(({ what, why }) => `${what}: ${why}`) };
  } finally {
    memory.close();
  }
}

/** The address of a member of the task of some process. */
function taskMember(memory: Inspector, index: number, member: string): bigint {
  const task = [...processes(memory.objects)][index]!;
  return memory.objects.struct('task_struct').at(task, member);
}

/** The mm_struct of the process with the most areas. */
function largest({ objects }: Inspector): bigint {
  const type = objects.struct('mm_struct');
  const all = [...addressSpaces(objects)].map(({ mm }) => mm);
  return all.sort((a, b) => type.number(b, 'map_count') - type.number(a, 'map_count'))[0]!;
}

test.each<[string, Damage, RegExp]>([
  [
    'a list of processes that loops',
    (memory) => [[taskMember(memory, 70, 'tasks'), taskMember(memory, 70, 'tasks')]],
    /it loops/,
  ],
  [
    'a list of processes that leaves memory',
    (memory) => [[taskMember(memory, 70, 'tasks'), 0xdead4ead00000000n]],
    /0xdead4ead0000/,
  ],
  [
    'a maple tree whose nodes lead back to its root',
    (memory) => {
      const { objects } = memory;
      const root = objects.memory.word(objects.struct('mm_struct').at(largest(memory), 'mm_mt.ma_root'));
      const slots = objects.struct('maple_node').at(root & ~0xffn, 'ma64.slot');
      return Array.from({ length: 16 }, (_, i) => [slots + BigInt(8 * i), root] as const);
    },
    /maple tree/,
  ],
  [
    'open files that are no files',
    (memory) => {
      const { objects } = memory;
      const files = objects.memory.word(taskMember(memory, 70, 'files'));
      const table = objects.struct('files_struct').word(files, 'fdt');
      return [[objects.struct('fdtable').at(table, 'fd'), 0x1234567000n]];
    },
    /0x1234567/,
  ],
])('%s end that answer with a reason, and the others stay', async (_, damage, reason) => {
  const { owners, gaps } = await ownersWith(damage);
  expect(gaps.join('\n')).toMatch(reason);
  expect(owners.get('kernel')).toBeGreaterThan(5000);
  expect(owners.get('slab dentry')).toBeGreaterThan(50);
});
