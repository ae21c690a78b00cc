-- What keeps blocks of 512 pages from becoming huge pages, by kernel release
--
-- Counts the blocks of 512 pages in which only a few pages cannot be moved, and tells whose these few are: a slab cache or a
-- class; "several" stands for blocks with pages of more than one. Whoever is on top scatters its pages over movable memory.
--
-- parameter few int 64: at most so many pages of a block that cannot be moved
-- parameter days int 1: how many days, up to the newest in the store, the snapshots may be from
-- parameter top int 20: how many rows to show
-- reads hosts: host, date
-- reads pages: host, date, time, release, pfn, type, class, mapping_kind, slab_cache
-- example:
--   release   owner       hosts  blocks   pages
--   6.12.107  kmalloc-4k     12   98304  3145728
with since as (
  select max(h.date) - max(p.days) as day
  from hosts h
  cross join parameters p
),
blocks as (
  select
    g.host, g.time, g.release, g.block,
    count(g.owner) as pinned,
    min(g.owner) as first_owner,
    max(g.owner) as last_owner
  from (
    select
      p.host, p.time, p.release,
      cast(floor(p.pfn / 512) as bigint) as block,
      case
        when p.class in ('free_buddy', 'free_pcp', 'anon', 'ksm', 'file', 'shmem', 'swap_cache', 'balloon')
          or (p.class is null and (p.type = 'buddy' or p.mapping_kind in ('anon', 'ksm', 'file', 'movable'))) then null
        else coalesce(p.slab_cache, p.class, p.type, 'unknown')
      end as owner
    from pages p
    cross join since s
    where p.date > s.day
  ) g
  group by g.host, g.time, g.release, g.block
),
newest as (
  select b.host, max(b.time) as time
  from blocks b
  group by b.host
),
owners as (
  select
    b.release,
    case when b.first_owner = b.last_owner then b.first_owner else 'several' end as owner,
    count(distinct b.host) as hosts,
    count(*) as blocks,
    cast(sum(b.pinned) as bigint) as pages
  from blocks b
  join newest n on n.host = b.host and n.time = b.time
  cross join parameters p
  where b.pinned between 1 and p.few
  group by b.release, case when b.first_owner = b.last_owner then b.first_owner else 'several' end
),
ranked as (
  select o.*, row_number() over (order by o.blocks desc, o.release, o.owner) as place
  from owners o
)
select r.release, r.owner, r.hosts, r.blocks, r.pages
from ranked r
cross join parameters p
where r.place <= p.top
order by r.place
