import { beforeAll, describe, expect, test } from 'vitest';
import { configOf, kernels, missing, runGuest } from './guest.ts';

const release = missing() === undefined ? (kernels(['6.12']).at(-1) ?? kernels().at(-1)) : undefined;

/** A command that was run in the guest. */
interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** An address of the kernel, as user space must not see it. */
const KERNEL_ADDRESS = /0xf{2,4}[0-9a-f]{8,}/;

describe.skipIf(release === undefined)('the command on the machine that it runs on', () => {
  let results: Record<string, Ran>;
  beforeAll(async () => {
    const run = await runGuest(release!, { scenario: 'cli' });
    expect(run.exit, run.console.slice(-2000)).toBe('0');
    expect(run.results.failed).toBeUndefined();
    results = run.results;
  });
  const ran = (name: string): Ran => results[name]!;

  test('doctor names kcore as the way, and tells why the others are closed', () => {
    expect(configOf(release!, 'CONFIG_STRICT_DEVMEM')).toBe('y');
    const ways = JSON.parse(ran('doctor').out);
    expect(ways.map((w: { name: string; works: boolean }) => `${w.name} ${w.works}`)).toEqual([
      'kcore true',
      'crash false',
      'mmap false',
      'read false',
      'vmcore false',
    ]);
    expect(ran('doctor').code).toBe(0);
    const text = ran('doctor-text').out;
    expect(text).toMatch(/^ +1 +kcore +yes +\/proc\/kcore gives 163840 struct pages of kernel/m);
    expect(text).toMatch(
      /mmap +no +the kernel was built with CONFIG_STRICT_DEVMEM.*\n +remedy: read \/proc\/kcore/,
    );
  });

  test('each method alone refuses with a sentence and a remedy', () => {
    expect(ran('method-crash')).toMatchObject({ code: 4, out: '' });
    expect(ran('method-crash').err).toContain('there is no /dev/crash');
    for (const name of ['method-mmap', 'method-read', 'named-mem']) {
      expect(ran(name)).toMatchObject({ code: 4, out: '' });
      expect(ran(name).err).toMatch(/CONFIG_STRICT_DEVMEM.*\. Remedy: read \/proc\/kcore instead/);
    }
    expect(ran('named-kcore')).toMatchObject({ code: 0, err: '' });
  });

  test('a user without root is told to use sudo, and sees no address of the kernel', () => {
    for (const command of ['dump', 'info', 'verify', 'page', 'translate']) {
      const { code, out, err } = ran(`user-${command}`);
      expect({ code, out }).toEqual({ code: 4, out: '' });
      expect(err).toContain('only root may read /proc/kcore (EACCES). Remedy: run structpage with sudo');
      expect(err).not.toMatch(KERNEL_ADDRESS);
    }
    expect(ran('doctor-user').code).toBe(4);
    expect(ran('doctor-user').out).not.toMatch(/yes|0x[0-9a-f]{5}/);
  });

  test('what only opening the memory takes is given up before a row is printed', () => {
    // CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER: outputs keep their owners
    const kept = 0b1111n;
    const text = `000000${kept.toString(16).padStart(10, '0')}`;
    expect(results.privileges).toEqual([`CapPrm:\t${text}`, `CapEff:\t${text}`, 'NoNewPrivs:\t1']);
  });

  test('a page that the kernel refuses does not take those before it along', () => {
    expect(results.crossing).toEqual({ whole: 'EPERM', done: 4096, code: 'EPERM' });
  });

  test('a container and lockdown are told apart from a missing sudo', () => {
    const ways = (name: string): string[] =>
      ran(name)
        .out.match(/^ +[1-4] .*\n(?: +remedy.*\n)?/gm)
        ?.map((way) => way.replace(/\s+/g, ' ')) ?? [];
    const [kcore, , mmap] = ways('without-rawio');
    for (const way of [kcore, mmap])
      expect(way).toMatch(/no this process is root, but lacks CAP_SYS_RAWIO.*remedy: run it on the host/);
    expect(ways('lockdown-integrity')[0]).toContain('kcore yes');
    expect(ways('lockdown-integrity')[2]).toMatch(/lockdown is on \(integrity\).*remedy: read \/proc\/kcore/);
    expect(ways('lockdown-confidentiality')[0]).toMatch(
      /kcore no kernel lockdown.*remedy: boot with lockdown=none/,
    );
    expect(ran('lockdown-confidentiality').code).toBe(4);
    expect(ran('locked-dump')).toMatchObject({ code: 4, out: '' });
    expect(ran('locked-dump').err).toContain('kernel lockdown is on (confidentiality)');
  });

  test('what is no RAM, or nothing at all, is explained', () => {
    const told = (name: string): string => ran(`where-${name}`).err;
    const codes = Object.keys(results)
      .filter((name) => name.startsWith('where-'))
      .map((name) => [name.slice(6), ran(name).code]);
    expect(Object.fromEntries(codes)).toEqual({
      mistake: 3,
      'mistake-phys': 2,
      vmemmap: 0,
      'vmemmap-unaligned': 0,
      noncanonical: 3,
      apic: 3,
      ioapic: 3,
      vga: 0,
      'past-the-end': 3,
      'far-past-the-end': 3,
      unaligned: 0,
      'unaligned-page': 0,
      'not-the-array': 2,
      'user-address': 3,
    });
    for (const name of ['mistake', 'mistake-phys'])
      expect(told(name)).toMatch(/looks like vmemmap .* minus PAGE_OFFSET .* at physical 0x/);
    expect(told('noncanonical')).toContain('not canonical');
    for (const name of ['apic', 'past-the-end', 'far-past-the-end'])
      expect(told(name)).toMatch(/has no struct page \(the last pfn with one is 163839\).*0x[0-9a-f]+ is /);
    expect(told('ioapic')).toContain(
      'is not RAM but "IOAPIC 0" (/proc/iomem): reading it may trigger a device',
    );
    expect(ran('where-vga').out).toContain('is not RAM but "PCI Bus');
    expect(ran('where-unaligned').out).toMatch(
      /physical address 0x[0-9a-f]+ \(byte 7 of the page\) is pfn 4096\n/,
    );
    expect(ran('where-vmemmap-unaligned').out).toContain('\ninside the struct page of pfn 4096\n');
    for (const [name] of codes) expect(told(String(name))).not.toMatch(/ at .*\.js:|Error:/);
  });

  test('rows, sums, captures and comparisons come from the running kernel', () => {
    const lines = ran('head').out.trimEnd().split('\n');
    expect(lines).toHaveLength(12);
    for (const line of lines.slice(1)) expect(line).toMatch(/ slab +\d+ +\d+ DMA32 none +[\w-]+/);
    expect(ran('head').err).toBe('');
    for (const name of ['info-text', 'summary', 'export', 'capture-summary', 'layout-check'])
      expect(ran(name), name).toMatchObject({ code: 0, err: '' });
    expect(results.exported).toEqual({ lines: 163841 });
    expect(ran('capture').code).toBe(0);
    expect(ran('verify')).toMatchObject({ code: 0, err: '' });
    expect(ran('verify').out).toMatch(/^163840 pages compared/);
    expect(ran('verify').out).toMatch(/^ +0 +0\.0000 % +different at each reading$/m);
  });
});
