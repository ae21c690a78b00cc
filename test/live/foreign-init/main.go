// The init of a guest of another architecture: it uses memory in several ways, asks its kernel for /proc/kpageflags and
// /proc/kpagecount, says READY for the host to stop the guest at once, and prints both answers when it goes on.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
	"unsafe"
)

const (
	mib          = 1 << 20
	madvHugepage = 14
	madvMerge    = 12
	mapHugetlb   = 0x40000
)

var kept [][]byte

func anon(size int, flags int) []byte {
	b, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE|flags)
	if err != nil {
		fmt.Println("mmap:", err)
		return nil
	}
	kept = append(kept, b)
	return b
}

func touch(b []byte, value byte) {
	for i := 0; i < len(b); i += 4096 {
		b[i] = value + byte(i>>12)
	}
}

func write(path string, text string) {
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		fmt.Println(err)
	}
}

func child() {
	f, err := os.Open("/tmp/shared")
	if err == nil {
		b, err := syscall.Mmap(int(f.Fd()), 0, 4*mib, syscall.PROT_READ, syscall.MAP_SHARED)
		if err == nil {
			sum := 0
			for i := 0; i < len(b); i += 4096 {
				sum += int(b[i])
			}
			runtime.KeepAlive(sum)
		}
	}
	for {
		time.Sleep(time.Hour)
	}
}

func workload() {
	os.MkdirAll("/tmp", 0o755)
	syscall.Mount("tmpfs", "/tmp", "tmpfs", 0, "")
	write("/sys/kernel/mm/transparent_hugepage/enabled", "always")
	write("/proc/sys/vm/nr_hugepages", "4")
	touch(anon(24*mib, 0), 1)
	huge := anon(16*mib, 0)
	if huge != nil {
		syscall.Syscall(syscall.SYS_MADVISE, uintptr(unsafe.Pointer(&huge[0])), uintptr(len(huge)), madvHugepage)
		touch(huge, 2)
	}
	same := anon(2*mib, 0)
	if same != nil {
		syscall.Syscall(syscall.SYS_MADVISE, uintptr(unsafe.Pointer(&same[0])), uintptr(len(same)), madvMerge)
		for i := range same {
			same[i] = 7
		}
	}
	locked := anon(mib, 0)
	touch(locked, 3)
	syscall.Mlock(locked)
	os.WriteFile("/tmp/shared", make([]byte, 4*mib), 0o644)
	os.WriteFile("/tmp/file", make([]byte, 6*mib), 0o644)
	os.WriteFile("/root-file", make([]byte, 3*mib), 0o644)
	for i := 0; i < 400; i++ {
		os.MkdirAll(fmt.Sprintf("/tmp/d%d", i), 0o755)
	}
	for i := 0; i < 3; i++ {
		exec.Command("/init", "child").Start()
	}
	write("/sys/kernel/mm/ksm/run", "1")
	time.Sleep(4 * time.Second)
	write("/sys/kernel/mm/ksm/run", "0")
}

// read fills a buffer that is there already, so that reading takes no memory.
func read(fd int, into []byte) int {
	done := 0
	for done < len(into) {
		n, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&into[done])), uintptr(len(into)-done))
		if errno != 0 || int(n) <= 0 {
			break
		}
		done += int(n)
	}
	return done
}

func size(path string) int {
	b := make([]byte, mib)
	f, err := os.Open(path)
	if err != nil {
		fmt.Println(err)
		return 0
	}
	defer f.Close()
	sum := 0
	for {
		n, err := f.Read(b)
		sum += n
		if err != nil || n == 0 {
			return sum
		}
	}
}

func tell(name string, b []byte) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(b)
	z.Close()
	text := base64.StdEncoding.EncodeToString(packed.Bytes())
	for len(text) > 0 {
		n := min(len(text), 900)
		fmt.Printf("\nDATA %s %s\n", name, text[:n])
		text = text[n:]
	}
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "child" {
		child()
	}
	for _, at := range []string{"proc", "sys", "dev"} {
		os.MkdirAll("/"+at, 0o755)
	}
	syscall.Mount("proc", "/proc", "proc", 0, "")
	syscall.Mount("sysfs", "/sys", "sysfs", 0, "")
	syscall.Mount("devtmpfs", "/dev", "devtmpfs", 0, "")
	var uts syscall.Utsname
	syscall.Uname(&uts)
	fmt.Println("UP")
	workload()
	runtime.LockOSThread()
	files := []string{"/proc/kpageflags", "/proc/kpagecount"}
	var fds []int
	var buffers [][]byte
	for _, path := range files {
		n := size(path)
		b, err := syscall.Mmap(-1, 0, n+65536, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE|syscall.MAP_POPULATE)
		if err != nil {
			fmt.Println(err)
		}
		syscall.Mlock(b)
		fd, _ := syscall.Open(path, syscall.O_RDONLY, 0)
		fds = append(fds, fd)
		buffers = append(buffers, b[:n])
	}
	debug.SetGCPercent(-1)
	ready := []byte("\nREADY\n")
	time.Sleep(5 * time.Second)
	for round := 0; round < 2; round++ {
		for i, fd := range fds {
			syscall.RawSyscall(syscall.SYS_LSEEK, uintptr(fd), 0, 0)
			read(fd, buffers[i])
		}
	}
	syscall.RawSyscall(syscall.SYS_WRITE, 1, uintptr(unsafe.Pointer(&ready[0])), uintptr(len(ready)))
	end := time.Now().Add(2 * time.Second)
	for time.Now().Before(end) {
	}
	for i, name := range []string{"kpageflags", "kpagecount"} {
		tell(name, buffers[i])
	}
	z, _ := os.ReadFile("/proc/zoneinfo")
	tell("zoneinfo", z)
	fmt.Print("\nEND\n")
	time.Sleep(time.Second)
	syscall.Sync()
	syscall.Reboot(syscall.LINUX_REBOOT_CMD_POWER_OFF)
	for {
		time.Sleep(time.Hour)
	}
}
