/**
 * The thread of the links worker.
 * @module
 */
import { serveCollector } from "../runtime.ts";
import { collectLinks } from "./collect.ts";
import { collectHolders } from "./holders.ts";

serveCollector(collectLinks, collectHolders);
