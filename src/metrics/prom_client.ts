/**
 * Owns which parts of prom-client are loaded: its classes, file by file. The package's own entry loads a push gateway, a
 * cluster mode and default metrics too, for some 3 MB and 40 ms that nothing here has a use for.
 * @module
 */
export { default as Counter } from "prom-client/lib/counter.js";
export { default as Gauge } from "prom-client/lib/gauge.js";
export { default as Histogram } from "prom-client/lib/histogram.js";
export { default as Registry } from "prom-client/lib/registry.js";
export type { LabelValues, Metric } from "prom-client";
