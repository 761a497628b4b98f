/**
 * The thread of the programs worker.
 * @module
 */
import { serveCollector } from "../runtime.ts";
import { collectPrograms } from "./collect.ts";

serveCollector(collectPrograms);
