/**
 * Owns how tests get at metrics pages. In: what of an exposition's sources matters. Out: an Exposition over a state that
 * stands still, and its pages as text and as lines.
 * @module
 */
import {
  Exposition,
  type ExpositionSources,
  type Format,
} from "../../../../src/metrics/exposition.ts";
import {
  aCollector,
  aState,
  someFacts,
  stillClock,
} from "../../../state_builders.ts";

export function anExposition(
  given: Partial<ExpositionSources> = {},
): Exposition {
  return new Exposition({
    state: aState(),
    collectors: () => [aCollector()],
    processUsage: () => ({ cpuUserSeconds: 1.25, residentBytes: 4096 }),
    facts: someFacts(),
    limits: { maps: 1000, programs: 1000, links: 1000 },
    systemStats: true,
    clock: stillClock(),
    ...given,
  });
}

export async function pageOf(
  exposition: Exposition,
  format: Format = "prometheus",
  groups?: ReadonlySet<string>,
): Promise<string> {
  const chunks = await exposition.render(format, groups);
  return await new Blob(chunks as BlobPart[]).text();
}

/** The lines of a page's samples, in order. */
export function sampleLines(page: string): string[] {
  return page.split("\n").filter((line) => line !== "" && line[0] !== "#");
}

/** Those of one family. */
export function linesOf(page: string, name: string): string[] {
  return sampleLines(page).filter((line) =>
    line.startsWith(`${name}{`) || line.startsWith(`${name} `)
  );
}
