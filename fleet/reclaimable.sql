-- Capacity that can be reclaimed
--
-- What each host, in its newest snapshot, could give to others: memory that is free, the page cache of files, the caches of inodes
-- and directory entries, and what dying cgroups hold. The page cache includes pages that must be written first.
-- What dying cgroups hold is not part of the sum, since most of it is page cache as well.
--
-- parameter least_share double 0.5: least part of the host's memory that is free or can be reclaimed
-- reads hosts: host, date, time, role, release, page_size, pages, managed
-- reads summary: host, date, time, by, name, bytes
-- example:
--   host     role   release   memory_bytes  free_bytes  file_bytes  slab_bytes  dying_bytes  reclaimable_bytes   share
--   cache-2  cache  6.12.107     268435456    83886080    92274688      737280            0          176898048  0.6590
with newest as (
  select h.host, max(h.time) as time
  from hosts h
  group by h.host
),
members as (
  select
    h.host, h.date, h.time, h.role, h.release,
    coalesce(h.managed, h.pages) * h.page_size as memory_bytes
  from hosts h
  join newest n on n.host = h.host and n.time = h.time
),
amounts as (
  select
    m.host, m.role, m.release, m.memory_bytes,
    cast(sum(case when s.by in ('class', 'type') and s.name in ('free_buddy', 'free_pcp', 'buddy')
      then s.bytes else 0 end) as bigint) as free_bytes,
    cast(sum(case when s.by in ('class', 'type') and s.name in ('file', 'swap_cache')
      then s.bytes else 0 end) as bigint) as file_bytes,
    cast(sum(case when s.by = 'slab_cache' and (s.name = 'dentry' or s.name like '%inode_cache%')
      then s.bytes else 0 end) as bigint) as slab_bytes,
    cast(sum(case when s.by = 'memcg' and s.name like '% (dying)'
      then s.bytes else 0 end) as bigint) as dying_bytes
  from members m
  join summary s on s.host = m.host and s.time = m.time and s.date = m.date
  where s.by in ('class', 'type', 'slab_cache', 'memcg')
  group by m.host, m.role, m.release, m.memory_bytes
)
select
  a.host, a.role, a.release, a.memory_bytes, a.free_bytes, a.file_bytes, a.slab_bytes, a.dying_bytes,
  a.free_bytes + a.file_bytes + a.slab_bytes as reclaimable_bytes,
  round((a.free_bytes + a.file_bytes + a.slab_bytes) / cast(a.memory_bytes as double), 4) as share
from amounts a
cross join parameters p
where a.free_bytes + a.file_bytes + a.slab_bytes >= p.least_share * a.memory_bytes
order by reclaimable_bytes desc, a.host
