-- Hosts that differ from their peers
--
-- Compares, for each class of pages, the part of memory that a host uses for it with the median of its peers: hosts of the same
-- role and kernel release. Reports what is far off, by a distance in parts of memory and by a multiple of the median distance.
--
-- parameter peers int 5: smallest number of hosts that are compared with each other
-- parameter least_share double 0.05: least distance from the median, as a part of memory
-- parameter factor double 5: least distance as a multiple of the median distance of the peers
-- reads hosts: host, date, time, role, release, page_size, pages, managed
-- reads summary: host, date, time, by, name, bytes
-- example:
--   host   role  release   kind   name        peers   share  median  distance
--   web-7  web   6.12.107  class  page_table     33  0.2148  0.0031    0.2117
with newest as (
  select h.host, max(h.time) as time
  from hosts h
  group by h.host
),
members as (
  select
    h.host, h.date, h.time, h.release, coalesce(h.role, '') as role,
    cast(coalesce(h.managed, h.pages) * h.page_size as double) as memory
  from hosts h
  join newest n on n.host = h.host and n.time = h.time
),
used as (
  select m.host, m.role, m.release, s.by as kind, s.name, sum(s.bytes) as bytes
  from members m
  join summary s on s.host = m.host and s.time = m.time and s.date = m.date
  where s.by in ('class', 'type')
  group by m.host, m.role, m.release, s.by, s.name
),
names as (
  select distinct u.role, u.release, u.kind, u.name
  from used u
),
shares as (
  select m.host, m.role, m.release, n.kind, n.name, coalesce(u.bytes, 0) / m.memory as share
  from members m
  join names n on n.role = m.role and n.release = m.release
  left join used u on u.host = m.host and u.kind = n.kind and u.name = n.name
),
middles as (
  select s.role, s.release, s.kind, s.name, count(*) as peers, median(s.share) as middle
  from shares s
  group by s.role, s.release, s.kind, s.name
),
distances as (
  select s.*, m.peers, m.middle, abs(s.share - m.middle) as distance
  from shares s
  join middles m on m.role = s.role and m.release = s.release and m.kind = s.kind and m.name = s.name
),
spreads as (
  select d.role, d.release, d.kind, d.name, median(d.distance) as spread
  from distances d
  group by d.role, d.release, d.kind, d.name
)
select
  d.host, d.role, d.release, d.kind, d.name, d.peers,
  round(d.share, 4) as share, round(d.middle, 4) as median, round(d.share - d.middle, 4) as distance
from distances d
join spreads s on s.role = d.role and s.release = d.release and s.kind = d.kind and s.name = d.name
cross join parameters p
where d.peers >= p.peers
  and d.distance >= p.least_share
  and d.distance >= p.factor * s.spread
order by d.distance desc, d.host, d.kind, d.name
