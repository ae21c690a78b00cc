#!/usr/bin/perl
# The init of a guest of another architecture. Uses memory in several ways, asks its kernel about all of it, says READY for the
# host to stop the guest at once, and prints the answers when the guest goes on. One process with buffers made beforehand asks,
# so that asking changes nothing.
use strict;
use warnings;
no warnings 'portable';
$| = 1;

# The kernel hands over what it does not know of its command line as the environment of init.
my ($MOUNT, $MMAP, $MADVISE, $MLOCK, $MLOCKALL, $MPROTECT, $REBOOT, $READ, $SWAPON, $FINIT_MODULE) = split /,/, $ENV{SYSCALLS};
my $MIB = 1 << 20;

sub slurp {
    my ($path, $most) = @_;
    open(my $file, '<:raw', $path) or return undef;
    my $text = '';
    while (sysread($file, $text, $most // 65536, length $text)) { last if $most }
    return $text;
}

sub put {
    my ($path, $text) = @_;
    open(my $file, '>:raw', $path) or return print("$path: $!\n");
    syswrite($file, $text) // print("$path: $!\n");
}

sub mounted {
    my ($type, $at) = @_;
    mkdir $at;
    syscall($MOUNT, $type, $at, $type, 0, 0) == 0 or print("$at: $!\n");
}

# An area of anonymous memory, or of a file, shared or private; its address.
sub area {
    my ($size, $flags, $fd) = @_;
    my ($address, $protection, $offset) = (0, 3, 0);
    $fd //= -1;
    my $at;
    if ($ENV{MMAP_TAKES} eq 'struct') {
        my $arguments = pack('q6', $address, $size, $protection, $flags, $fd, $offset);
        $at = syscall($MMAP, $arguments);
    } else {
        $at = syscall($MMAP, $address, $size, $protection, $flags, $fd, $offset);
    }
    print("mmap of $size: $!\n") if $at == -1;
    return $at;
}

open(my $zeros, '<:raw', '/dev/zero');

# Has the kernel write zeros to an area, which is as good as touching it.
sub touch {
    my ($at, $size) = @_;
    my $fd = fileno($zeros);
    while ($size > 0) {
        my $done = syscall($READ, $fd, $at, $size);
        return print("touch: $!\n") if $done <= 0;
        $at += $done;
        $size -= $done;
    }
}

my ($PRIVATE, $SHARED, $ANONYMOUS, $HUGETLB) = (2, 1, 0x20, 0x40000);

# A process that only holds memory; the parent goes on when it is done.
sub child {
    my ($work) = @_;
    pipe(my $done, my $tell);
    my $pid = fork() // die;
    if ($pid == 0) {
        $work->();
        syswrite($tell, 'x');
        close $tell;
        sleep 3600 while 1;
    }
    close $tell;
    sysread($done, my $byte, 1);
    return $pid;
}

sub workload {
    mounted('tmpfs', '/tmp');
    mounted('cgroup2', '/cg');
    put('/cg/cgroup.subtree_control', '+memory');
    mkdir '/cg/web';
    put('/sys/kernel/mm/transparent_hugepage/enabled', 'always');
    # it collapses pages whenever it likes
    put('/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs', '4000000000') if -e '/sys/kernel/mm/transparent_hugepage/khugepaged';
    put('/proc/sys/vm/nr_hugepages', '4');
    # it marks pages as idle whenever it likes
    put('/sys/module/damon_stat/parameters/enabled', 'N') if -e '/sys/module/damon_stat/parameters/enabled';
    if (-e '/modules/order') {
        for my $name (split ' ', slurp('/modules/order')) {
            open(my $module, '<', "/modules/$name");
            my ($options, $compressed) = ('', $name =~ /xz$/ ? 4 : 0);
            syscall($FINIT_MODULE, fileno($module), $options, $compressed) == 0 or print("$name: $!\n");
        }
        swap();
    }
    put('/tmp/shared', 's' x (4 * $MIB));
    put('/tmp/file', 'f' x (6 * $MIB));
    put('/root-file', 'r' x (3 * $MIB));
    mkdir "/tmp/d$_" for 1 .. 400;
    touch(area(24 * $MIB, $PRIVATE | $ANONYMOUS), 24 * $MIB);
    child(sub {
        put('/cg/web/cgroup.procs', $$);
        touch(area(5 * $MIB, $PRIVATE | $ANONYMOUS), 5 * $MIB);
        put('/tmp/of-web', 'w' x $MIB);
    });
    child(sub {
        my $huge = area(16 * $MIB, $PRIVATE | $ANONYMOUS);
        syscall($MADVISE, $huge, 16 * $MIB, 14);
        touch($huge, 16 * $MIB);
        my $same = area(2 * $MIB, $PRIVATE | $ANONYMOUS);
        syscall($MADVISE, $same, 2 * $MIB, 12);
        touch($same, 2 * $MIB);
        my $locked = area($MIB, $PRIVATE | $ANONYMOUS);
        touch($locked, $MIB);
        syscall($MLOCK, $locked, $MIB);
        # its protection is taken away: PROT_NONE
        my $hidden = area(256 * 1024, $PRIVATE | $ANONYMOUS);
        touch($hidden, 256 * 1024);
        syscall($MPROTECT, $hidden, 256 * 1024, 0);
    });
    for (1 .. 2) {
        child(sub {
            open(my $file, '+<', '/tmp/shared');
            touch(area(3 * $MIB, $SHARED, fileno($file)), 3 * $MIB);
            my $pool = area(2 * hugepage(), $PRIVATE | $ANONYMOUS | $HUGETLB);
            touch($pool, hugepage()) if $pool != -1;
        });
    }
    if (-e '/dev/zram0') {
        child(sub {
            my $cold = area(8 * $MIB, $PRIVATE | $ANONYMOUS);
            touch($cold, 8 * $MIB);
            syscall($MADVISE, $cold, 6 * $MIB, 21) == 0 or print("MADV_PAGEOUT: $!\n");
        });
    }
    put('/sys/kernel/mm/ksm/run', '1');
    sleep 3;
    put('/sys/kernel/mm/ksm/run', '0');
}

sub hugepage {
    return (slurp('/proc/meminfo') =~ /^Hugepagesize:\s+(\d+)/m)[0] * 1024;
}

# Makes the compressed disk in memory the swap space.
sub swap {
    put('/sys/block/zram0/disksize', '64M');
    my $page = (slurp('/proc/self/smaps') =~ /^KernelPageSize:\s+(\d+)/m)[0] * 1024;
    my $header = "\0" x $page;
    substr($header, 1024, 12) = pack('L3', 1, 64 * $MIB / $page - 1, 0);
    substr($header, $page - 10, 10) = 'SWAPSPACE2';
    put('/dev/zram0', $header);
    my $device = '/dev/zram0';
    syscall($SWAPON, $device, 0) == 0 or print("swapon: $!\n");
}

# What is asked: [name, path, ranges of bytes], the last one at the end of all.
sub questions {
    my @asked = map { [$_, "/proc/$_"] }
      qw(meminfo vmstat zoneinfo buddyinfo pagetypeinfo slabinfo vmallocinfo iomem swaps self/mountinfo);
    my $page = (slurp('/proc/self/smaps') =~ /^KernelPageSize:\s+(\d+)/m)[0] * 1024;
    opendir(my $proc, '/proc');
    for my $pid (sort { $a <=> $b } grep { /^\d+$/ } readdir $proc) {
        my $maps = slurp("/proc/$pid/maps") // '';
        next if $maps eq '';
        push @asked, map { ["$pid/$_", "/proc/$pid/$_"] } qw(smaps smaps_rollup stat cgroup);
        my @ranges;
        for (split /\n/, $maps) {
            next if /\[vsyscall\]/;
            my ($start, $end) = map { hex } /^([0-9a-f]+)-([0-9a-f]+)/;
            push @ranges, [$start / $page * 8, ($end - $start) / $page * 8];
        }
        push @asked, ["$pid/pagemap", "/proc/$pid/pagemap", \@ranges];
    }
    push @asked, map { [$_, "/proc/$_"] } qw(kpagecgroup kpageflags kpagecount);
    return @asked;
}

mounted('proc', '/proc');
mounted('sysfs', '/sys');
mounted('devtmpfs', '/dev');
open($zeros, '<:raw', '/dev/zero');
print "UP\n";
workload();

my @asked = questions();
my (@files, @buffers, @sizes);
for my $question (@asked) {
    my ($name, $path, $ranges) = @$question;
    open(my $file, '<:raw', $path) or next;
    my $size = 0;
    if ($ranges) { $size += $_->[1] for @$ranges }
    else {
        my $text = '';
        while (my $got = sysread($file, $text, $MIB, 0)) { $size += $got }
        $size += 8192 if $name !~ /^kpage/;
    }
    push @files, [$name, $file, $ranges];
    push @buffers, "\0" x ($size + 64);
    push @sizes, $size;
}
sleep 3;
syscall($MLOCKALL, 1);
my ($i, $at, $got, $range);
for my $round (1 .. 3) {
    for ($i = 0; $i < @files; $i++) {
        $at = 0;
        if ($files[$i][2]) {
            for $range (@{ $files[$i][2] }) {
                sysseek($files[$i][1], $range->[0], 0);
                # what cannot be read counts as nothing that is mapped
                $got = sysread($files[$i][1], $buffers[$i], $range->[1], $at) // 0;
                $at += $range->[1];
            }
        } else {
            sysseek($files[$i][1], 0, 0);
            while ($at < $sizes[$i] && ($got = sysread($files[$i][1], $buffers[$i], $sizes[$i] - $at, $at))) { $at += $got }
            $asked[$i] = $at;
        }
    }
}
syswrite(STDOUT, "\nREADY\n");
# the host stops the guest here
my $until = time() + 3;
1 while time() < $until;

for ($i = 0; $i < @files; $i++) {
    my ($name, undef, $ranges) = @{ $files[$i] };
    if ($name =~ /^kpage|pagemap$/) {
        my @words = unpack('Q*', substr($buffers[$i], 0, $sizes[$i]));
        my ($line, $n) = ('', 0);
        for (my $w = 0; $w < @words; $w += $n) {
            $n = 1;
            $n++ while $w + $n < @words && $words[$w + $n] == $words[$w];
            $line .= sprintf(' %x*%x', $n, $words[$w]);
            if (length $line > 800) { print "\nWORDS $name$line\n"; $line = '' }
        }
        print "\nWORDS $name$line\n" if $line ne '';
        print "\nRANGES $name ", join(' ', map { sprintf('%x+%x', $_->[0] / 8, $_->[1] / 8) } @$ranges), "\n" if $ranges;
    } else {
        print "\n" . join('', map { "TEXT $name|$_\n" } split /\n/, substr($buffers[$i], 0, $asked[$i]));
    }
}
print "\nEND\n";
select(undef, undef, undef, 0.5);
syscall($REBOOT, 0xfee1dead, 672274793, 0x4321fedc);
sleep 3600 while 1;
