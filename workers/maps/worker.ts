/**
 * The thread of the maps worker.
 * @module
 */
import { serveCollector } from "../runtime.ts";
import { collectMaps } from "./collect.ts";

serveCollector(collectMaps);
