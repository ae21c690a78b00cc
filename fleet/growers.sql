-- Top growers by kernel release
--
-- What grew most between the first and the last snapshot of each boot, added up over the hosts of a kernel release. A leak in a
-- kernel shows as one slab cache or class that grew on nearly all hosts of one release, and on few of the others.
--
-- parameter top int 20: how many rows to show
-- reads hosts: host, time, boot_id, release
-- reads summary: host, time, by, name, bytes
-- example:
--   release   kind        name            hosts  hosts_grown  first_bytes  last_bytes  growth_bytes
--   6.12.107  slab_cache  kmalloc-4k         31           31     25165824   390070272     364904448
with bounds as (
  select h.host, h.boot_id, h.release, min(h.time) as first_time, max(h.time) as last_time
  from hosts h
  group by h.host, h.boot_id, h.release
  having min(h.time) < max(h.time)
),
amounts as (
  select
    b.release, b.host, b.boot_id, s.by as kind, s.name,
    sum(case when s.time = b.first_time then s.bytes else 0 end) as first_bytes,
    sum(case when s.time = b.last_time then s.bytes else 0 end) as last_bytes
  from bounds b
  join summary s on s.host = b.host and (s.time = b.first_time or s.time = b.last_time)
  where s.by in ('class', 'type', 'slab_cache')
    and s.name not in ('free_buddy', 'free_pcp', 'buddy', 'hole')
  group by b.release, b.host, b.boot_id, s.by, s.name
),
growth as (
  select
    a.release, a.kind, a.name,
    count(distinct a.host) as hosts,
    count(distinct case when a.last_bytes > a.first_bytes then a.host end) as hosts_grown,
    cast(sum(a.first_bytes) as bigint) as first_bytes,
    cast(sum(a.last_bytes) as bigint) as last_bytes,
    cast(sum(a.last_bytes) - sum(a.first_bytes) as bigint) as growth_bytes
  from amounts a
  group by a.release, a.kind, a.name
),
ranked as (
  select g.*, row_number() over (order by g.growth_bytes desc, g.release, g.kind, g.name) as place
  from growth g
  where g.growth_bytes > 0
)
select r.release, r.kind, r.name, r.hosts, r.hosts_grown, r.first_bytes, r.last_bytes, r.growth_bytes
from ranked r
cross join parameters p
where r.place <= p.top
order by r.place
