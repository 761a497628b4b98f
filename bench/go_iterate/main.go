// Walks all eBPF objects of a kind with cilium/ebpf, as a Go program would: `go_iterate map|program|link`. For each line PASSES on
// stdin it answers `NANOSECONDS OBJECTS CPU_NANOSECONDS`: of all passes together, objects of the last one.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

func cpuNs() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

// gone: an object that ended since it was listed is passed over.
func gone(err error) bool {
	return errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.EAGAIN)
}

func maps() (int, error) {
	objects := 0
	for id, err := ebpf.MapGetNextID(0); ; id, err = ebpf.MapGetNextID(id) {
		if errors.Is(err, os.ErrNotExist) {
			return objects, nil
		} else if err != nil {
			return 0, err
		}
		m, err := ebpf.NewMapFromID(id)
		if gone(err) {
			continue
		} else if err != nil {
			return 0, err
		}
		if _, err = m.Info(); err == nil {
			objects++
		}
		m.Close()
	}
}

func programs() (int, error) {
	objects := 0
	for id, err := ebpf.ProgramGetNextID(0); ; id, err = ebpf.ProgramGetNextID(id) {
		if errors.Is(err, os.ErrNotExist) {
			return objects, nil
		} else if err != nil {
			return 0, err
		}
		p, err := ebpf.NewProgramFromID(id)
		if gone(err) {
			continue
		} else if err != nil {
			return 0, err
		}
		if _, err = p.Info(); err == nil {
			objects++
		}
		p.Close()
	}
}

func links() (int, error) {
	objects := 0
	var all link.Iterator
	defer all.Close()
	for all.Next() {
		if _, err := all.Link.Info(); err == nil {
			objects++
		}
	}
	return objects, all.Err()
}

func main() {
	walks := map[string]func() (int, error){"map": maps, "program": programs, "link": links}
	if len(os.Args) != 2 || walks[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: go_iterate map|program|link")
		os.Exit(2)
	}
	walk := walks[os.Args[1]]
	for input := bufio.NewScanner(os.Stdin); input.Scan(); {
		passes, _ := strconv.Atoi(input.Text())
		objects := 0
		start, cpu := time.Now(), cpuNs()
		for ; passes > 0; passes-- {
			var err error
			if objects, err = walk(); err != nil {
				fmt.Fprintln(os.Stderr, "Cannot walk:", err)
				os.Exit(1)
			}
		}
		fmt.Println(time.Since(start).Nanoseconds(), objects, cpuNs()-cpu)
	}
}
