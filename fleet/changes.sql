-- What changed between two dates
--
-- Compares the last snapshots of two dates, over the hosts that have one on both, by role and by kernel release on the earlier and
-- on the later date. Reports what rose, or fell, on most hosts of such a group: what a rollout changed stands beside the releases.
--
-- parameter before date null: the earlier date (default: the first in the store)
-- parameter after date null: the later date (default: the last in the store)
-- parameter least_share double 0.01: least change of the group's sum, as a part of the memory of its hosts
-- parameter agree double 0.75: part of the hosts that must have changed in the same direction
-- reads hosts: host, date, time, role, release, page_size, pages, managed
-- reads summary: host, date, time, by, name, bytes
-- example:
--   role  old_release  new_release  kind   name        hosts  changed  old_bytes  new_bytes  change_bytes    share
--   web   6.12.94      6.12.107     class  page_table     34       34  106954752  963641344     856686592   0.0797
with dates as (
  select coalesce(max(p.before), min(h.date)) as old_date, coalesce(max(p.after), max(h.date)) as new_date
  from hosts h
  cross join parameters p
),
moments as (
  select
    h.host, h.date, h.time, h.release, coalesce(h.role, '') as role,
    coalesce(h.managed, h.pages) * h.page_size as memory,
    case when h.date = d.old_date then 0 else 1 end as is_new,
    row_number() over (partition by h.host, h.date order by h.time desc) as place
  from hosts h
  join dates d on h.date = d.old_date or h.date = d.new_date
),
pairs as (
  select
    n.host, n.role, o.release as old_release, n.release as new_release, n.memory,
    o.date as old_date, o.time as old_time, n.date as new_date, n.time as new_time
  from moments o
  join moments n on n.host = o.host
  where o.place = 1 and n.place = 1 and o.is_new = 0 and n.is_new = 1
),
amounts as (
  select
    q.host, s.by as kind, s.name,
    sum(case when s.date = q.old_date then s.bytes else 0 end) as old_bytes,
    sum(case when s.date = q.new_date then s.bytes else 0 end) as new_bytes
  from pairs q
  join summary s on s.host = q.host
    and ((s.date = q.old_date and s.time = q.old_time) or (s.date = q.new_date and s.time = q.new_time))
  cross join dates d
  where (s.date = d.old_date or s.date = d.new_date) and s.by in ('class', 'type', 'slab_cache')
  group by q.host, s.by, s.name
),
fleet as (
  select q.role, q.old_release, q.new_release, count(*) as hosts, sum(q.memory) as memory
  from pairs q
  group by q.role, q.old_release, q.new_release
),
sums as (
  select
    q.role, q.old_release, q.new_release, a.kind, a.name,
    cast(sum(a.old_bytes) as bigint) as old_bytes,
    cast(sum(a.new_bytes) as bigint) as new_bytes,
    count(case when a.new_bytes > a.old_bytes then 1 end) as up,
    count(case when a.new_bytes < a.old_bytes then 1 end) as down
  from amounts a
  join pairs q on q.host = a.host
  group by q.role, q.old_release, q.new_release, a.kind, a.name
)
select
  s.role, s.old_release, s.new_release, s.kind, s.name, f.hosts,
  case when s.new_bytes > s.old_bytes then s.up else s.down end as changed,
  s.old_bytes, s.new_bytes, s.new_bytes - s.old_bytes as change_bytes,
  round((s.new_bytes - s.old_bytes) / cast(f.memory as double), 4) as share
from sums s
join fleet f on f.role = s.role and f.old_release = s.old_release and f.new_release = s.new_release
cross join parameters p
where abs(s.new_bytes - s.old_bytes) >= p.least_share * f.memory
  and case when s.new_bytes > s.old_bytes then s.up else s.down end >= p.agree * f.hosts
order by abs(s.new_bytes - s.old_bytes) desc, s.role, s.old_release, s.new_release, s.kind, s.name
