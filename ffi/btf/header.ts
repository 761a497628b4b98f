/**
 * Owns the header of BTF. In: bytes, whatever they are. Out: where types and strings are, all of it within the bytes; or a
 * BtfError that says what is wrong. Source: Documentation/bpf/btf.rst, kernel/bpf/btf.c btf_parse_hdr().
 * @module
 */

/** Bytes that are no BTF, or not one of this machine. */
export class BtfError extends Error {
  override readonly name = "BtfError";
}

/** Offsets from the first byte, and lengths, in bytes; those of types are multiples of 4. */
export interface BtfSections {
  readonly typesStart: number;
  readonly typesBytes: number;
  readonly stringsStart: number;
  readonly stringsBytes: number;
}

/** The part of the header that every kernel writes; a longer one says so itself. */
export const HEADER_BYTES = 24;

const MAGIC = 0xeb9f;
const MAGIC_OF_OTHER_ENDIAN = 0x9feb;
const VERSION = 1;

/** @throws {BtfError} where `bytes` do not begin with a header of BTF, or its sections cannot be. */
export function readSections(bytes: Uint8Array): BtfSections {
  if (bytes.length < HEADER_BYTES) {
    throw found(`${HEADER_BYTES} bytes of header or more`, bytes.length);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  const magic = view.getUint16(0, true);
  if (magic === MAGIC_OF_OTHER_ENDIAN) {
    throw found("little-endian", "big-endian");
  }
  if (magic !== MAGIC) throw found("magic 0xeb9f", `0x${magic.toString(16)}`);
  const version = view.getUint8(2);
  if (version !== VERSION) throw found(`version ${VERSION}`, version);
  const flags = view.getUint8(3);
  if (flags !== 0) throw found("no flags", `flags ${flags}`);
  const headerBytes = view.getUint32(4, true);
  if (headerBytes < HEADER_BYTES) {
    throw found(`a header of ${HEADER_BYTES} bytes or more`, headerBytes);
  }
  const sections = {
    typesStart: headerBytes + view.getUint32(8, true),
    typesBytes: view.getUint32(12, true),
    stringsStart: headerBytes + view.getUint32(16, true),
    stringsBytes: view.getUint32(20, true),
  };
  const { typesStart, typesBytes, stringsStart, stringsBytes } = sections;
  if (typesStart % 4 !== 0 || typesBytes % 4 !== 0) {
    throw found(
      "types in words of 4 bytes",
      `${typesBytes} bytes at offset ${typesStart}`,
    );
  }
  if (
    typesStart + typesBytes > stringsStart &&
    stringsStart + stringsBytes > typesStart
  ) {
    throw found(
      "types and strings apart",
      `types at ${typesStart} to ${typesStart + typesBytes}, ` +
        `strings at ${stringsStart} to ${stringsStart + stringsBytes}`,
    );
  }
  return sections;
}

/** Bytes from the first to the end of the later section. */
export function bytesOfAll(sections: BtfSections): number {
  return Math.max(
    sections.typesStart + sections.typesBytes,
    sections.stringsStart + sections.stringsBytes,
  );
}

/** As readSections(), and the sections are all there. @throws {BtfError} */
export function parseHeader(bytes: Uint8Array): BtfSections {
  const sections = readSections(bytes);
  const needed = bytesOfAll(sections);
  if (needed > bytes.length) {
    throw found(`${needed} bytes, as its header says`, bytes.length);
  }
  const { stringsStart, stringsBytes } = sections;
  if (
    stringsBytes === 0 || bytes[stringsStart] !== 0 ||
    bytes[stringsStart + stringsBytes - 1] !== 0
  ) throw found("strings that begin and end with NUL", "others");
  return sections;
}

function found(expected: string, what: string | number): BtfError {
  return new BtfError(`Cannot read BTF: expected ${expected}, found ${what}`);
}
