import { describe, expect, test } from 'vitest';
import { KERNELS, layoutOf } from './layouts.ts';
import { ANON_VMA, Pages, pointer } from './written-pages.ts';

describe('folios', () => {
  test('6.12: tails by pointer share order, kind and nothing of the order byte', () => {
    const layout = layoutOf(KERNELS['6.12']);
    const pages = new Pages(layout, 64).set(8, {
      flags: ['head', 'uptodate', 'swapbacked'],
      mapping: ANON_VMA,
    });
    pages.set(9, { link: pointer(8), raw: 3, flags: ['workingset'] });
    for (let pfn = 10; pfn < 16; pfn++) pages.set(pfn, { link: pointer(8) });
    const row = pages.decode(['head', 'order', 'mapping_kind', 'flags']);
    expect(row(8)).toEqual(['8', '3', 'anon', 'uptodate|head|swapbacked']);
    expect(row(9)).toEqual(['8', '3', 'anon', 'large_rmappable']);
    expect(row(15)).toEqual(['8', '3', 'anon', '']);
    expect(row(16)).toEqual(['16', '0', 'none', '']);
  });

  test('7.2: a mask in a tail names the head by the page it lies in', () => {
    const layout = layoutOf(KERNELS['7.2']);
    const pages = new Pages(layout, 2048).set(512, { flags: ['head'], word: 0xf4000000, mapping: ANON_VMA });
    for (let pfn = 513; pfn < 1024; pfn++)
      pages.set(pfn, { link: 0xffffffffffff8001n, raw: pfn === 513 ? 9 : 0 });
    const row = pages.decode(['head', 'order', 'type', 'mapping_kind']);
    for (const pfn of [512, 513, 700, 1023]) expect(row(pfn)).toEqual(['512', '9', 'hugetlb', 'anon']);
    expect(row(1024)).toEqual(['1024', '0', '', 'none']);
  });

  test('6.1: a fake head of the vmemmap optimisation is a tail, and its flags are not its own', () => {
    const layout = layoutOf(KERNELS['6.1']);
    const pages = new Pages(layout, 1024);
    for (let pfn = 512; pfn < 1024; pfn++) {
      if (pfn % 64 === 0) pages.set(pfn, { flags: ['head', 'uptodate'] });
      else pages.set(pfn, { link: pointer(512) });
    }
    pages.byte(512 * 64 + 80, 2).byte(512 * 64 + 81, 9);
    const row = pages.decode(['head', 'order', 'type', 'flags']);
    expect(row(512)).toEqual(['512', '9', 'hugetlb', 'uptodate|head']);
    expect(row(576)).toEqual(['512', '9', 'hugetlb', '']);
    expect(row(577)).toEqual(['512', '9', 'hugetlb', '']);
  });

  test('all pages of a free block are buddy, up to its end', () => {
    const layout = layoutOf(KERNELS['6.12']);
    const pages = new Pages(layout, 64).set(16, { word: 0xf0000000, private: 3n }).set(24, { refcount: 1 });
    const row = pages.decode(['type', 'free_order', 'order', 'mapcount']);
    expect(row(16)).toEqual(['buddy', '3', '0', '']);
    expect(row(23)).toEqual(['buddy', '3', '0', '0']);
    expect(row(24)).toEqual(['', '', '0', '0']);
  });

  test('a head that cannot be read leaves the order empty', () => {
    const pages = new Pages(layoutOf(KERNELS['6.12']), 64).set(0, { link: pointer(4096) });
    expect(pages.decode(['head', 'order'])(0)).toEqual(['4096', '']);
  });

  test('a page of a large folio may be exclusive by itself', () => {
    const layout = layoutOf(KERNELS['6.12']);
    const pages = new Pages(layout, 16)
      .set(8, { flags: ['head', 'owner_2', 'swapbacked'], mapping: ANON_VMA })
      .set(9, { link: pointer(8), flags: ['owner_2'], raw: 3 })
      .set(10, { link: pointer(8), flags: ['owner_2', 'owner_priv_1'] })
      .set(11, { link: pointer(8) });
    const row = pages.decode(['flags']);
    expect([8, 9, 10, 11].map((pfn) => row(pfn)[0])).toEqual([
      'head|swapbacked|anon_exclusive',
      'anon_exclusive',
      'owner_priv_1|anon_exclusive',
      '',
    ]);
  });

  test('bits go by the name that they have on such a page', () => {
    const layout = layoutOf(KERNELS['6.12']);
    const file = 0xffff888001234560n;
    const pages = new Pages(layout, 8)
      .set(0, { flags: ['owner_priv_1', 'swapbacked'], mapping: ANON_VMA })
      .set(1, { flags: ['owner_priv_1'], mapping: file })
      .set(2, { flags: ['owner_2'], mapping: ANON_VMA })
      .set(3, { flags: ['owner_2', 'reclaim'], mapping: file })
      .set(4, { flags: ['uptodate'], word: 0xf0000000 })
      .set(5, { flags: ['owner_2'] });
    const row = pages.decode(['flags']);
    expect([0, 1, 2, 3, 4, 5].map((pfn) => row(pfn)[0])).toEqual([
      'swapbacked|swapcache',
      'checked',
      'anon_exclusive',
      'mappedtodisk|readahead',
      'reported',
      'owner_2',
    ]);
  });
});
