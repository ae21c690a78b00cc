-- Dying cgroups
--
-- Memory cgroups that were removed, but that pages are still charged to, by host: how many in its newest snapshot, how much they
-- hold, and how many more than in the first snapshot of the same boot. A snapshot lists the largest cgroups only, so these are
-- lower bounds.
--
-- parameter least int 1: smallest number of dying cgroups
-- reads hosts: host, date, time, boot_id, role, release
-- reads summary: host, time, by, name, bytes
-- example:
--   host   role   release   cgroups     bytes  more_cgroups  more_bytes
--   ci-12  batch  6.12.107       48  50331648            40    41943040
with bounds as (
  select
    n.host, n.role, n.release, n.boot_id, n.time as last_time,
    min(h.time) as first_time
  from (
    select h.host, h.role, h.release, h.boot_id, h.time, row_number() over (partition by h.host order by h.time desc) as place
    from hosts h
  ) n
  join hosts h on h.host = n.host and (h.boot_id = n.boot_id or (h.boot_id is null and n.boot_id is null))
  where n.place = 1
  group by n.host, n.role, n.release, n.boot_id, n.time
),
amounts as (
  select
    b.host, b.role, b.release,
    count(distinct case when s.time = b.last_time then s.name end) as cgroups,
    cast(sum(case when s.time = b.last_time then s.bytes else 0 end) as bigint) as bytes,
    count(distinct case when s.time = b.first_time then s.name end) as first_cgroups,
    cast(sum(case when s.time = b.first_time then s.bytes else 0 end) as bigint) as first_bytes
  from bounds b
  join summary s on s.host = b.host and (s.time = b.last_time or s.time = b.first_time)
  where s.by = 'memcg' and s.name like '% (dying)'
  group by b.host, b.role, b.release
)
select
  a.host, a.role, a.release, a.cgroups, a.bytes,
  a.cgroups - a.first_cgroups as more_cgroups, a.bytes - a.first_bytes as more_bytes
from amounts a
cross join parameters p
where a.cgroups >= p.least
order by a.bytes desc, a.host
