import { readFileSync } from 'node:fs';
import { x86_64 } from '../../src/arch/x86_64.ts';
import { Vmcoreinfo } from '../../src/formats/vmcoreinfo.ts';
import { factsFromJson, parseLayout } from '../../src/layout/from-json.ts';
import { type PageLayout, resolvePageLayout } from '../../src/layout/page-layout.ts';

/** The resolved layout of a kernel in layouts/. */
export function layoutOf(file: string, vmcoreinfo = '', vmemmap = true): PageLayout {
  const text = readFileSync(new URL(`../../layouts/x86_64/${file}.json`, import.meta.url), 'utf8');
  return resolvePageLayout(
    factsFromJson(parseLayout(text, file), file, 'layout-named'),
    { model: x86_64, vmemmap, maxPhysicalBits: 46, sectionSizeBits: 27 },
    vmcoreinfo === '' ? undefined : Vmcoreinfo.parse(`OSRELEASE=x\nPAGESIZE=4096\n${vmcoreinfo}`, 'x'),
  );
}

export const KERNELS = {
  '5.10': '5.10.0-46-cloud-amd64',
  '6.1': '6.1.0-47-cloud-amd64',
  '6.12': '6.12.107+deb13-cloud-amd64',
  '6.18': '6.18.15+deb13-cloud-amd64',
  '7.2': '7.2.13+deb14-cloud-amd64',
  '7.3': '7.3.4+deb13-cloud-amd64',
} as const;
