/**
 * Owns the reading of an info out of an iterator's record. In: the table that the program was made of, which of its fields this
 * kernel gives, and where in the record the info begins. Out: readers like those of what the kernel itself fills.
 * @module
 */
import type {
  Field,
  InfoReader,
  OpenIterator,
  RecordTable,
} from "../ffi/mod.ts";

/** Fields count as absent that the program does not write. */
export function recordInfo(
  { fields }: RecordTable,
  { fields: names }: OpenIterator,
  headBytes: number,
): (record: DataView) => InfoReader {
  const written = new Set(names);
  const offsets = new Set(
    fields.filter(({ name }) => written.has(name)).map(({ offset }) => offset),
  );
  return (record) => <T>(field: Field<T>) => {
    const offset = headBytes + field.offset;
    return offsets.has(offset) ? field.get(record, offset) : undefined;
  };
}
