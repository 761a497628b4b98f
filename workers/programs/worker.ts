/**
 * The thread of the programs worker.
 * @module
 */
import { serveCollector } from "../runtime.ts";
import { collectPrograms } from "./collect.ts";
import { collectOperations } from "./operations.ts";

serveCollector(collectPrograms, collectOperations);
