/**
 * Owns the small shapes that every answer of the API is built of. In: nothing. Out: valibot schemas.
 * @module
 */
import * as v from "valibot";

/** The types of objects, in the order that they are shown. */
export const OBJECT_TYPES = ["map", "program", "link", "btf"] as const;

export function described<S extends v.GenericSchema>(
  schema: S,
  description: string,
): v.SchemaWithPipe<
  readonly [S, v.DescriptionAction<v.InferOutput<S>, string>]
> {
  return v.pipe(schema, v.description(description));
}

export const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
export const Id = v.pipe(Count, v.maxValue(4_294_967_295));
export const Bytes = Count;
export const Ratio = v.pipe(v.number(), v.minValue(0));
export const U64 = v.pipe(v.string(), v.regex(/^\d{1,20}$/));
export const Text = v.string();
export const Time = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  v.description("RFC 3339, UTC, with milliseconds"),
);
export const Type = v.picklist(OBJECT_TYPES);
