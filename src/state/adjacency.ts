/**
 * Owns who is next to whom in a graph: for each node the others that its edges lead to, all in two flat arrays. In: edges, as pairs
 * of node numbers. Out: ranges of neighbours.
 * @module
 */

export class Adjacency {
  /** The neighbours of node n are at `starts[n]` up to, without, `starts[n + 1]`. */
  readonly starts: Uint32Array;
  readonly neighbours: Uint32Array;

  /** Edge i leads from `from[i]` to `to[i]`; neighbours come in the order of the edges. */
  constructor(nodes: number, from: readonly number[], to: readonly number[]) {
    const starts = new Uint32Array(nodes + 1);
    for (let i = 0; i < from.length; i++) starts[from[i] + 1]++;
    for (let node = 0; node < nodes; node++) starts[node + 1] += starts[node];
    const next = starts.slice();
    const neighbours = new Uint32Array(from.length);
    for (let i = 0; i < from.length; i++) neighbours[next[from[i]]++] = to[i];
    this.starts = starts;
    this.neighbours = neighbours;
  }

  get edgeCount(): number {
    return this.neighbours.length;
  }

  of(node: number): Uint32Array {
    return this.neighbours.subarray(this.starts[node], this.starts[node + 1]);
  }
}

/**
 * Marks with 1 what can be reached from `from`, itself included, and calls `reach` for each; what is marked already is not gone
 * through again. @param stack room for all nodes
 */
export function spread(
  from: number,
  { starts, neighbours }: Adjacency,
  marks: Uint8Array,
  stack: Uint32Array,
  reach?: (node: number) => void,
): void {
  if (marks[from] === 1) return;
  marks[from] = 1;
  stack[0] = from;
  let depth = 1;
  while (depth > 0) {
    const node = stack[--depth];
    reach?.(node);
    for (let i = starts[node]; i < starts[node + 1]; i++) {
      const next = neighbours[i];
      if (marks[next] === 1) continue;
      marks[next] = 1;
      stack[depth++] = next;
    }
  }
}
