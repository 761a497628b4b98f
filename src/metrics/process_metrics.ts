/**
 * Owns the metrics of the agent's own process, under the names and with the help of prom-client's default ones, which
 * read /proc in ways that need more permissions than the agent gives itself. In: ProcessUsage. Out: their entries in the
 * catalog.
 * @module
 */
import type { ProcessMetric } from "./metric.ts";

export const processMetrics: readonly ProcessMetric[] = [
  counter({
    name: "process_cpu_user_seconds_total",
    help: "Total user CPU time spent in seconds.",
    unit: "seconds",
    source: "/proc/self/stat utime",
    field: (usage) => usage.cpuUserSeconds,
  }),
  counter({
    name: "process_cpu_system_seconds_total",
    help: "Total system CPU time spent in seconds.",
    unit: "seconds",
    source: "/proc/self/stat stime",
    field: (usage) => usage.cpuSystemSeconds,
  }),
  counter({
    name: "process_cpu_seconds_total",
    help: "Total user and system CPU time spent in seconds.",
    unit: "seconds",
    source: "/proc/self/stat utime + stime",
    field: ({ cpuUserSeconds, cpuSystemSeconds }) =>
      cpuUserSeconds === undefined || cpuSystemSeconds === undefined
        ? undefined
        // The kernel counts in hundredths, and so must their sum be.
        : Math.round((cpuUserSeconds + cpuSystemSeconds) * 100) / 100,
  }),
  gauge({
    name: "process_start_time_seconds",
    help: "Start time of the process since unix epoch in seconds.",
    unit: "seconds",
    source: "/proc/self/stat starttime, /proc/stat btime",
    field: (usage) => usage.startTimeSeconds,
  }),
  gauge({
    name: "process_resident_memory_bytes",
    help: "Resident memory size in bytes.",
    unit: "bytes",
    source: "/proc/self/status VmRSS",
    field: (usage) => usage.residentBytes,
  }),
  gauge({
    name: "process_virtual_memory_bytes",
    help: "Virtual memory size in bytes.",
    unit: "bytes",
    source: "/proc/self/status VmSize",
    field: (usage) => usage.virtualBytes,
  }),
  gauge({
    name: "process_heap_bytes",
    help: "Process heap size in bytes.",
    unit: "bytes",
    source: "/proc/self/status VmData",
    field: (usage) => usage.heapBytes,
  }),
  gauge({
    name: "process_open_fds",
    help: "Number of open file descriptors.",
    unit: "",
    source: "/proc/self/fd",
    field: (usage) => usage.openFds,
  }),
  gauge({
    name: "process_max_fds",
    help: "Maximum number of open file descriptors.",
    unit: "",
    source: "/proc/self/limits",
    field: (usage) => usage.maxFds,
  }),
];

type Given = Pick<
  ProcessMetric,
  "name" | "help" | "unit" | "source" | "field"
>;

function counter(given: Given): ProcessMetric {
  return { ...gauge(given), type: "counter" };
}

function gauge(given: Given): ProcessMetric {
  return {
    kind: "process",
    type: "gauge",
    labels: [],
    group: "process",
    needs: [],
    quality: "exact",
    systemStats: true,
    ...given,
  };
}
