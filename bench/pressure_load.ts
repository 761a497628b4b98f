/**
 * Owns clients that a server would rather not have. In: its port and how many of each kind. Out: connections that stay, until they are
 * hung up; those that the server closes come again.
 * @module
 */

export interface LoadSize {
  /** Answered once, then silent on a kept connection. */
  readonly idle: number;
  /** Send a header byte by byte, and never its end. */
  readonly slow: number;
  /** Ask for a stream and never read. */
  readonly stalled: number;
}

const encoder = new TextEncoder();
const BYTE_EVERY_MS = 500;

export class PressureLoad {
  readonly #open = new Set<Deno.TcpConn>();
  readonly #timers = new Set<ReturnType<typeof setInterval>>();
  #over = false;
  /** Slow clients that the server closed so far. */
  closedSlow = 0;
  /** Idle ones. */
  closedIdle = 0;

  constructor(readonly port: number) {}

  /** Connects all of them. @throws {Error} when one cannot. */
  async add({ idle, slow, stalled }: LoadSize): Promise<void> {
    for (let i = 0; i < idle; i++) await this.#idle();
    for (let i = 0; i < slow; i++) await this.#slow();
    for (let i = 0; i < stalled; i++) {
      await this.#connect("GET /api/v1/stream HTTP/1.1\r\nHost: a\r\n\r\n");
    }
  }

  hangUp(): void {
    this.#over = true;
    for (const timer of this.#timers) clearInterval(timer);
    for (const connection of this.#open) close(connection);
  }

  async #connect(text: string): Promise<Deno.TcpConn> {
    const { port } = this;
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    this.#open.add(connection);
    await connection.write(encoder.encode(text));
    return connection;
  }

  async #idle(): Promise<void> {
    const connection = await this.#connect(
      "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    if (await connection.read(new Uint8Array(4096)) === null) {
      throw new Error("Cannot stay connected: the server closed");
    }
    void untilClosed(connection).then(() => {
      this.#open.delete(connection);
      close(connection);
      if (!this.#over) this.closedIdle += 1;
    });
  }

  async #slow(): Promise<void> {
    const connection = await this.#connect("GET /metrics HTTP/1.1\r\nX: ");
    const timer = setInterval(
      () => connection.write(encoder.encode("a")).catch(() => {}),
      BYTE_EVERY_MS,
    );
    this.#timers.add(timer);
    void untilClosed(connection).then(async () => {
      clearInterval(timer);
      this.#timers.delete(timer);
      this.#open.delete(connection);
      close(connection);
      if (this.#over) return;
      this.closedSlow += 1;
      await this.#slow().catch(() => {});
    });
  }
}

async function untilClosed(connection: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(4096);
  try {
    while (await connection.read(buffer) !== null);
  } catch {
    // Cut, by either side.
  }
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
