#!/bin/busybox sh
# init of a test guest: runs one script with Node and powers off
export PATH=/bin HOME=/tmp
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /tmp
mount -t securityfs securityfs /sys/kernel/security 2> /dev/null
[ ! -x /bin/workload ] || /bin/workload &
echo 0 > /proc/sys/kernel/printk
ulimit -n 200000
cd /structpage
node in-guest.mjs
echo "EXIT $?"
poweroff -f
