"""Four words of every struct page, as a drgn user reads them: drgn-flags.py DUMP VMLINUX"""

import sys

import drgn
from drgn.helpers.linux.mm import for_each_page

program = drgn.Program()
program.set_core_dump(sys.argv[1])
program.load_debug_info([sys.argv[2]])
for pfn, page in enumerate(for_each_page(program)):
    try:
        print(pfn, page.flags.value_(), page._refcount.counter.value_(), page._mapcount.counter.value_())
    except drgn.FaultError:
        pass
