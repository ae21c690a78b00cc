-- Regions of 1 GiB that each host has, or could clear
--
-- The buddy allocator has no blocks of 1 GiB, so their number is known from the pages alone. A region is free if all of its pages
-- are free. It can be cleared if its other pages can be moved elsewhere: memory of processes and the page cache. Takes the newest
-- snapshot of each host that has all pages (no --sample).
--
-- parameter region bigint 1073741824: bytes of a region; a multiple of 512 pages
-- parameter days int 1: how many days, up to the newest in the store, the snapshot may be from
-- reads hosts: host, date, time, role, release, page_size, sample
-- reads pages: host, date, time, pfn, type, class, mapping_kind
-- example:
--   host   role  release   regions  free_regions  clearable_regions
--   db-1   db    6.12.107        8             0                  0
--   web-3  web   6.12.107        8             2                  6
with since as (
  select max(h.date) - max(p.days) as day
  from hosts h
  cross join parameters p
),
blocks as (
  select
    g.host, g.date, g.time, g.block,
    count(*) as pages,
    sum(g.is_free) as free,
    sum(g.is_movable) as movable
  from (
    select
      p.host, p.date, p.time,
      cast(floor(p.pfn / 512) as bigint) as block,
      case when p.class in ('free_buddy', 'free_pcp') or (p.class is null and p.type = 'buddy') then 1 else 0 end as is_free,
      case
        when p.class in ('anon', 'ksm', 'file', 'shmem', 'swap_cache', 'balloon')
          or (p.class is null and p.mapping_kind in ('anon', 'ksm', 'file', 'movable')) then 1
        else 0
      end as is_movable
    from pages p
    cross join since s
    where p.date > s.day
  ) g
  group by g.host, g.date, g.time, g.block
),
newest as (
  select b.host, max(b.time) as time
  from blocks b
  group by b.host
),
regions as (
  select
    h.host, h.role, h.release,
    floor(b.block * 512 * h.page_size / s.region) as region,
    max(s.region / h.page_size) as wanted,
    sum(b.pages) as pages,
    sum(b.free) as free,
    sum(b.movable) as movable
  from blocks b
  join newest n on n.host = b.host and n.time = b.time
  join hosts h on h.host = b.host and h.time = b.time and h.date = b.date
  cross join parameters s
  where h.sample = '1/1'
  group by h.host, h.role, h.release, floor(b.block * 512 * h.page_size / s.region)
)
select
  r.host, r.role, r.release,
  count(*) as regions,
  count(case when r.free = r.wanted then 1 end) as free_regions,
  count(case when r.free + r.movable = r.wanted then 1 end) as clearable_regions
from regions r
group by r.host, r.role, r.release
order by clearable_regions, free_regions, r.host
