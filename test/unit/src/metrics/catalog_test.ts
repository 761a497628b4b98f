import { assert, assertEquals, assertMatch } from "@std/assert";
import { catalog, metricGroups } from "../../../../src/metrics/catalog.ts";

Deno.test("catalog has every metric of the contract once, as the contract types and labels it", () => {
  const map = "map_id,map_name,map_type";
  const program = "prog_id,prog_name,prog_type";
  const ring = "odigos_ebpf_ring_buffer_";
  const perf = "odigos_ebpf_perf_buffer_";
  const manager = "odigos_ebpf_instrumentation_manager_";
  const collector = "odigos_ebpf_collector_";
  // deno-fmt-ignore -- one metric a line
  const contract: [name: string, type: string, labels: string, group: string][] = [
    ["odigos_ebpf_objects_total", "gauge", "type", "objects"],
    ["odigos_ebpf_objects_created_total", "counter", "type", "objects"],
    ["odigos_ebpf_objects_destroyed_total", "counter", "type", "objects"],
    ["odigos_ebpf_total_memory_bytes", "gauge", "", "objects"],
    ["odigos_ebpf_total_memlock_bytes", "gauge", "type", "objects"],
    ["odigos_ebpf_object_owner_info", "gauge", "type,id,pid,comm,container_id,pod_uid", "objects"],
    ["odigos_ebpf_orphan_objects", "gauge", "type", "objects"],
    ["odigos_ebpf_map_info", "gauge", `${map},key_size,value_size,max_entries,flags`, "maps"],
    ["odigos_ebpf_map_memory_bytes", "gauge", map, "maps"],
    ["odigos_ebpf_map_memlock_bytes", "gauge", map, "maps"],
    ["odigos_ebpf_map_entries", "gauge", map, "maps"],
    ["odigos_ebpf_map_max_entries", "gauge", map, "maps"],
    ["odigos_ebpf_map_cpu_entries", "gauge", `${map},cpu`, "maps"],
    ["odigos_ebpf_program_info", "gauge", `${program},tag,full_name,btf_id`, "programs"],
    ["odigos_ebpf_program_memory_bytes", "gauge", program, "programs"],
    ["odigos_ebpf_program_memlock_bytes", "gauge", program, "programs"],
    ["odigos_ebpf_program_runtime_ns_total", "counter", program, "programs"],
    ["odigos_ebpf_program_runs_total", "counter", program, "programs"],
    ["odigos_ebpf_program_instructions", "gauge", program, "programs"],
    ["odigos_ebpf_program_verified_instructions", "gauge", program, "programs"],
    ["odigos_ebpf_program_recursion_misses_total", "counter", program, "programs"],
    ["odigos_ebpf_program_cpu_ratio", "gauge", program, "programs"],
    ["odigos_ebpf_program_cpu_ratio_max", "gauge", program, "programs"],
    ["odigos_ebpf_stats_enabled", "gauge", "source", "programs"],
    ["odigos_ebpf_stats_coverage_ratio", "gauge", "", "programs"],
    ["odigos_ebpf_stats_floor_ns", "gauge", "", "programs"],
    ["odigos_ebpf_stats_cost_ns", "gauge", "", "programs"],
    ["odigos_ebpf_stats_cost_cpu_ratio", "gauge", "", "programs"],
    ["odigos_ebpf_link_info", "gauge", "link_id,link_type,prog_id,attach_type,target", "links"],
    [`${ring}events_total`, "counter", "map_id,map_name", "buffers"],
    [`${ring}discarded_events_total`, "counter", "map_id,map_name", "buffers"],
    [`${ring}written_bytes_total`, "counter", "map_id,map_name", "buffers"],
    [`${ring}consumed_bytes_total`, "counter", "map_id,map_name", "buffers"],
    [`${ring}pending_bytes`, "gauge", "map_id,map_name", "buffers"],
    [`${ring}size_bytes`, "gauge", "map_id,map_name", "buffers"],
    [`${ring}fill_ratio_max`, "gauge", "map_id,map_name", "buffers"],
    [`${ring}events_coverage_ratio`, "gauge", "map_id,map_name", "buffers"],
    [`${ring}loss_episodes_total`, "counter", "map_id,map_name", "buffers"],
    [`${ring}lost_events_total`, "counter", "map_id,map_name", "buffers"],
    [`${perf}events_total`, "counter", "map_id,map_name,cpu", "buffers"],
    [
      `${perf}events_coverage_ratio`,
      "gauge",
      "map_id,map_name,cpu",
      "buffers",
    ],
    [`${perf}lost_events_total`, "counter", "map_id,map_name,cpu", "buffers"],
    [`${perf}written_bytes_total`, "counter", "map_id,map_name,cpu", "buffers"],
    [`${perf}pending_bytes`, "gauge", "map_id,map_name,cpu", "buffers"],
    [`${perf}size_bytes`, "gauge", "map_id,map_name,cpu", "buffers"],
    [`${perf}memory_bytes`, "gauge", "map_id,map_name", "buffers"],
    ["odigos_ebpf_map_operations_total", "counter", `${map},operation`, "operations"],
    [`${manager}loaded_programs`, "gauge", "manager", "managers"],
    [`${manager}loaded_maps`, "gauge", "manager", "managers"],
    [`${manager}loaded_links`, "gauge", "manager", "managers"],
    [`${manager}program_load_duration_ms`, "histogram", "manager", "managers"],
    [`${manager}map_lookups_total`, "counter", "manager", "managers"],
    [`${manager}map_updates_total`, "counter", "manager", "managers"],
    [`${manager}program_errors_total`, "counter", "manager,kind,errno", "managers"],
    ["odigos_ebpf_system_resource_usage_percent", "gauge", "resource", "limits"],
    [`${collector}sample_duration_seconds`, "histogram", "collector", "collector"],
    [`${collector}samples_total`, "counter", "collector", "collector"],
    [`${collector}errors_total`, "counter", "collector,error", "collector"],
    [`${collector}skipped_objects_total`, "counter", "collector,errno", "collector"],
    [`${collector}syscalls_total`, "counter", "collector", "collector"],
    [`${collector}missed_ticks_total`, "counter", "collector", "collector"],
    [`${collector}snapshot_age_seconds`, "gauge", "collector", "collector"],
    [`${collector}backend_info`, "gauge", "collector,backend,reason", "collector"],
    [`${collector}restarts_total`, "counter", "collector", "collector"],
    [`${collector}dropped_series`, "gauge", "family", "collector"],
    [`${collector}holders_duration_seconds`, "gauge", "", "collector"],
    [`${collector}holders_age_seconds`, "gauge", "", "collector"],
    [`${collector}holders_descriptors`, "gauge", "", "collector"],
    [`${collector}buffers_passes_total`, "counter", "", "collector"],
    [`${collector}buffers_seconds_total`, "counter", "", "collector"],
    [`${collector}buffers_period_seconds`, "gauge", "", "collector"],
    [`${collector}operations_lost_total`, "counter", "", "collector"],
    [`${collector}operations_skipped_total`, "counter", "", "collector"],
    [`${collector}operations_cost_seconds`, "gauge", "call", "collector"],
    [`${collector}operations_attached`, "gauge", "hook", "collector"],
    ["odigos_ebpf_agent_capabilities", "gauge", "", "collector"],
    ["odigos_ebpf_agent_capability_info", "gauge", "capability,reason", "collector"],
    ["process_cpu_user_seconds_total", "counter", "", "process"],
    ["process_cpu_system_seconds_total", "counter", "", "process"],
    ["process_cpu_seconds_total", "counter", "", "process"],
    ["process_start_time_seconds", "gauge", "", "process"],
    ["process_resident_memory_bytes", "gauge", "", "process"],
    ["process_virtual_memory_bytes", "gauge", "", "process"],
    ["process_heap_bytes", "gauge", "", "process"],
    ["process_open_fds", "gauge", "", "process"],
    ["process_max_fds", "gauge", "", "process"],
  ];
  assertEquals(
    catalog.map(({ name, type, labels, group }) => [
      name,
      type,
      labels.join(","),
      group,
    ]),
    contract,
  );
});

Deno.test("catalog uses each group of ?collect[]= and no other", () => {
  assertEquals(
    [...new Set(catalog.map(({ group }) => group))].sort(),
    [...metricGroups].sort(),
  );
});

Deno.test("catalog describes each metric in text that needs no escape", () => {
  for (const { name, help, source } of catalog) {
    assertMatch(help, /^[A-Z][^\\\n"]*\.$/i, name);
    assert(source !== "", name);
  }
});

Deno.test("catalog has bucket bounds that both formats write alike", () => {
  for (const metric of catalog) {
    if (metric.kind !== "histogram") continue;
    assertEquals(metric.buckets.filter(Number.isInteger), []);
    assertEquals(metric.buckets, metric.buckets.toSorted((a, b) => a - b));
  }
});
