-- Fragmentation and huge pages that can be had at once, by host
--
-- How much of the free memory of each host, in its newest snapshot, lies in blocks that are too small for a huge page. These hosts
-- have free memory, but must compact it before they can give huge pages.
--
-- parameter huge_page bigint 2097152: bytes of a huge page
-- parameter unusable double 0.8: from this part of free memory in smaller blocks on, a host is called fragmented
-- reads hosts: host, date, time, role, release, page_size
-- reads free: host, date, time, order, blocks
-- example:
--   host  role  release   free_bytes  usable_bytes  huge_pages  unusable  fragmented
--   db-1  db    6.12.107    98566144       2097152           1    0.9787  true
with newest as (
  select h.host, max(h.time) as time
  from hosts h
  group by h.host
),
amounts as (
  select
    h.host, h.role, h.release,
    coalesce(sum(f.blocks * power(2, f.order) * h.page_size), 0) as free_bytes,
    coalesce(
      sum(case when power(2, f.order) * h.page_size >= p.huge_page then f.blocks * power(2, f.order) * h.page_size end), 0
    ) as usable_bytes
  from newest n
  join hosts h on h.host = n.host and h.time = n.time
  left join free f on f.host = h.host and f.time = h.time and f.date = h.date
  cross join parameters p
  group by h.host, h.role, h.release
)
select
  a.host, a.role, a.release,
  cast(a.free_bytes as bigint) as free_bytes,
  cast(a.usable_bytes as bigint) as usable_bytes,
  cast(floor(a.usable_bytes / p.huge_page) as bigint) as huge_pages,
  round(1 - a.usable_bytes / nullif(a.free_bytes, 0), 4) as unusable,
  coalesce(1 - a.usable_bytes / nullif(a.free_bytes, 0), 0) >= p.unusable as fragmented
from amounts a
cross join parameters p
order by unusable desc nulls last, a.host
