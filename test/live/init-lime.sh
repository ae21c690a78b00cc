#!/bin/busybox sh
# init of a test guest whose memory LiME writes to disks, one for each of its formats; then it waits to be dumped from outside
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs tmpfs /tmp
echo 0 > /proc/sys/kernel/printk
dd if=/dev/urandom of=/tmp/file bs=1M count=20 2> /dev/null
# what LiME writes goes through the page cache, which would take the place of most of what it is to show
echo +memory > /sys/fs/cgroup/cgroup.subtree_control
mkdir /sys/fs/cgroup/lime
echo 8M > /sys/fs/cgroup/lime/memory.max
disk=0
for format in raw padded lime; do
  sh -c "echo \$\$ > /sys/fs/cgroup/lime/cgroup.procs; exec insmod /lime.ko path=/dev/nvme${disk}n1 format=$format timeout=0"
  echo "RESULT $format $?"
  rmmod lime
  disk=$((disk + 1))
done
echo "RESULT ram \"$(grep -E '^[^ ].*System RAM' /proc/iomem | tr '\n' ' ')\""
while :; do sleep 1000; done
