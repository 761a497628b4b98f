/**
 * The thread of the maps worker.
 * @module
 */
import { serveCollector } from "../runtime.ts";
import { collectMaps } from "./collect.ts";
import { collectCpuEntries } from "./cpu_entries.ts";

serveCollector(collectMaps, collectCpuEntries);
