import { assertEquals } from "@std/assert";
import { mapMetrics } from "../../../../src/metrics/object_metrics.ts";
import { Page } from "../../../../src/metrics/page.ts";
import { SeriesWriter } from "../../../../src/metrics/series_writer.ts";
import { aMap, aSnapshot } from "../../../state_builders.ts";

const [info, memory, maxEntries] = mapMetrics;

function written(page: Page): string {
  return new TextDecoder().decode(page.take());
}

Deno.test("SeriesWriter.write() yields after at most 256 rows, of labels and of series", () => {
  const descriptions = Array.from({ length: 1_100 }, (_, id) => aMap({ id }));
  const page = new Page();
  const writer = new SeriesWriter(page, aSnapshot({ map: { descriptions } }));
  const lines: number[] = [];
  for (const _ of writer.write(memory, "")) {
    lines.push(written(page).split("\n").length - 1);
  }
  assertEquals(lines, [0, 0, 0, 0, 0, 256, 256, 256, 256, 76]);
  // The labels are those of the family before.
  assertEquals([...writer.write(maxEntries, "")].length, 5);
  // An info's are its own.
  assertEquals([...writer.write(info, "")].length, 10);
});

Deno.test("SeriesWriter.write() puts the header above the first series, and nowhere without one", () => {
  const page = new Page();
  const descriptions = Array.from({ length: 1_100 }, (_, id) => aMap({ id }));
  const ownSeries = descriptions.map(({ id }) => id < 600 ? 0 : 1);
  const map = { descriptions, ownSeries };
  const writer = new SeriesWriter(page, aSnapshot({ map }));
  for (const _ of writer.write(info, "# header\n"));
  const lines = written(page).split("\n");
  assertEquals(lines[0], "# header");
  assertEquals(lines.filter((line) => line.startsWith("#")).length, 1);
  assertEquals(lines.length, 1 + 500 + 1);

  const empty = new SeriesWriter(page, aSnapshot());
  for (const _ of empty.write(memory, "# header\n"));
  assertEquals(written(page), "");
});
