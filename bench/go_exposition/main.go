// Makes the same pages as exposition_pages.ts with client_golang: one line in, one line of JSON out. In: lines of
// `client_golang SERIES`. Out: for each, CPU and wall ms of the whole process, and bytes. A custom collector makes const
// metrics at each scrape, which is what exporters of foreign objects do; label values are kept from scrape to scrape.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
)

// A family has one series for each object; value says what its n-th object has in a given round.
type family struct {
	desc   *prometheus.Desc
	kind   prometheus.ValueType
	labels [][]string
	value  func(id float64, round float64) float64
}

type node struct {
	families []family
	size     int
	round    float64
}

const (
	firstID      = 100_000
	seriesOfEach = 13
)

func newNode(series int) *node {
	size := (series + seriesOfEach/2) / seriesOfEach
	rows := func(values func(id string) []string) [][]string {
		labels := make([][]string, size)
		for i := range labels {
			labels[i] = values(strconv.Itoa(firstID + i))
		}
		return labels
	}
	mapNames := []string{"map_id", "map_name", "map_type"}
	programNames := []string{"prog_id", "prog_name", "prog_type"}
	maps := rows(func(id string) []string { return []string{id, "connections", "hash"} })
	programs := rows(func(id string) []string { return []string{id, "on_switch", "raw_tracepoint"} })
	one := func(float64, float64) float64 { return 1 }
	still := func(value float64) func(float64, float64) float64 {
		return func(float64, float64) float64 { return value }
	}
	n := &node{size: size}
	add := func(name string, kind prometheus.ValueType, names []string, labels [][]string, value func(float64, float64) float64) {
		desc := prometheus.NewDesc("odigos_ebpf_"+name, "One of the families of the page.", names, nil)
		n.families = append(n.families, family{desc, kind, labels, value})
	}
	gauge, counter := prometheus.GaugeValue, prometheus.CounterValue
	add("map_info", gauge, append(mapNames, "key_size", "value_size", "max_entries", "flags"),
		rows(func(id string) []string { return []string{id, "connections", "hash", "4", "8", id, "0"} }), one)
	add("map_memory_bytes", gauge, mapNames, maps, func(id, _ float64) float64 { return id * 12 })
	add("map_max_entries", gauge, mapNames, maps, func(id, _ float64) float64 { return id })
	add("program_info", gauge, append(programNames, "tag", "full_name", "btf_id"),
		rows(func(id string) []string {
			return []string{id, "on_switch", "raw_tracepoint", "a04f5eef06a7f555", "on_switch_long", id}
		}), one)
	add("program_memory_bytes", gauge, programNames, programs, func(id, _ float64) float64 { return id + 80 })
	add("program_runtime_ns_total", counter, programNames, programs,
		func(id, round float64) float64 { return float64(int64(id*1e9/3)) + round*12345679 })
	add("program_runs_total", counter, programNames, programs,
		func(id, round float64) float64 { return id*7 + round*1013 })
	add("program_instructions", gauge, programNames, programs, still(10))
	add("program_verified_instructions", gauge, programNames, programs, still(12))
	add("program_recursion_misses_total", counter, programNames, programs, still(0))
	add("program_cpu_ratio", gauge, programNames, programs,
		func(id, round float64) float64 { return 1 / id * (1 + round/1e4) })
	add("program_cpu_ratio_max", gauge, programNames, programs,
		func(id, round float64) float64 { return 2 / (id + 1) * (1 + round/1e4) })
	add("link_info", gauge, []string{"link_id", "link_type", "prog_id", "attach_type", "target"},
		rows(func(id string) []string { return []string{id, "raw_tracepoint", id, "", "sched_switch"} }), one)
	return n
}

func (n *node) Describe(descs chan<- *prometheus.Desc) {
	for _, f := range n.families {
		descs <- f.desc
	}
}

func (n *node) Collect(metrics chan<- prometheus.Metric) {
	n.round++
	for _, f := range n.families {
		for i := 0; i < n.size; i++ {
			value := f.value(float64(firstID+i), n.round)
			metrics <- prometheus.MustNewConstMetric(f.desc, f.kind, value, f.labels[i]...)
		}
	}
}

func cpuMs() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e6
}

func main() {
	registries := map[int]*prometheus.Registry{}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		series, err := strconv.Atoi(strings.Fields(lines.Text())[1])
		if err != nil {
			panic(err)
		}
		registry := registries[series]
		if registry == nil {
			registry = prometheus.NewRegistry()
			registry.MustRegister(newNode(series))
			registries[series] = registry
		}
		cpu, start := cpuMs(), time.Now()
		families, err := registry.Gather()
		if err != nil {
			panic(err)
		}
		var page bytes.Buffer
		encoder := expfmt.NewEncoder(&page, expfmt.NewFormat(expfmt.TypeTextPlain))
		for _, f := range families {
			if err := encoder.Encode(f); err != nil {
				panic(err)
			}
		}
		wall := time.Since(start)
		fmt.Printf("{\"cpuMs\":%.3f,\"wallMs\":%.3f,\"bytes\":%d}\n", cpuMs()-cpu, float64(wall.Nanoseconds())/1e6, page.Len())
	}
}
