-- Leak suspects
--
-- What grew on a host from each of its last snapshots to the next, without a pause. The last snapshot of each hour (or day, or
-- minute) counts. Growth that is a small part of the host's memory is left out.
--
-- parameter snapshots int 5: how many snapshots in a row
-- parameter every string hour: of several snapshots in the same hour, day or minute only the last counts
-- parameter least_share double 0.01: growth in total, as a part of the host's memory
-- reads hosts: host, date, time, boot_id, release, page_size, pages, managed
-- reads summary: host, time, by, name, bytes
-- example:
--   host   release   kind        name        until       first_bytes  last_bytes  growth_bytes   share
--   web-3  6.12.107  slab_cache  kmalloc-4k  2026-11-21     10485760    62914560      52428800  0.0497
with moments as (
  select
    m.host, m.boot_id, m.release, m.date, m.time, m.memory,
    row_number() over (partition by m.host, m.boot_id order by m.time desc) as back
  from (
    select
      h.host, h.boot_id, h.release, h.date, h.time, coalesce(h.managed, h.pages) * h.page_size as memory,
      row_number() over (
        partition by h.host, h.boot_id, date_trunc(p.every, h.time) order by h.time desc
      ) as place
    from hosts h
    cross join parameters p
  ) m
  where m.place = 1
),
amounts as (
  select m.host, m.boot_id, m.release, m.memory, m.back, m.date, s.by as kind, s.name, sum(s.bytes) as bytes
  from moments m
  join summary s on s.host = m.host and s.time = m.time
  cross join parameters p
  where m.back <= p.snapshots
    and s.by in ('class', 'type', 'slab_cache')
    and s.name not in ('free_buddy', 'free_pcp', 'buddy', 'hole')
  group by m.host, m.boot_id, m.release, m.memory, m.back, m.date, s.by, s.name
),
steps as (
  select
    a.*,
    a.bytes - lag(a.bytes) over (partition by a.host, a.boot_id, a.kind, a.name order by a.back desc) as step
  from amounts a
),
series as (
  select
    s.host, s.boot_id, s.release, s.kind, s.name,
    max(s.date) as until,
    max(s.memory) as memory,
    count(*) as snapshots,
    min(s.step) as least_step,
    cast(max(case when s.back = p.snapshots then s.bytes end) as bigint) as first_bytes,
    cast(max(case when s.back = 1 then s.bytes end) as bigint) as last_bytes
  from steps s
  cross join parameters p
  group by s.host, s.boot_id, s.release, s.kind, s.name
)
select
  s.host, s.release, s.kind, s.name, s.until, s.first_bytes, s.last_bytes,
  s.last_bytes - s.first_bytes as growth_bytes,
  round((s.last_bytes - s.first_bytes) / cast(s.memory as double), 4) as share
from series s
cross join parameters p
where s.snapshots = p.snapshots
  and s.least_step > 0
  and s.last_bytes - s.first_bytes >= p.least_share * s.memory
order by growth_bytes desc, s.host, s.kind, s.name, s.until
