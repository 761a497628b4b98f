/**
 * Owns the proof that a listener is heard again after its process had no file left. In: the server in a process of its own that may
 * open few files. Out: tests on TCP and on a unix socket.
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { LineProcess } from "../../bench/line_process.ts";
import { bytes } from "../unit/src/http/fake_node.ts";
import { get, readToEnd } from "./http_peers.ts";

const PROGRAM = new URL("../fixtures/http_process.ts", import.meta.url);
/** The runtime and the server take some 25. */
const FILES = 64;

function started(address: string): LineProcess {
  return new LineProcess("sh", [
    "-c",
    `ulimit -n ${FILES} && exec "$0" "$@"`,
    ...[Deno.execPath(), "run", "-A", "--no-check", PROGRAM.pathname],
    address,
    "100",
  ]);
}

async function fillAndLeave(connect: () => Promise<Deno.Conn>): Promise<void> {
  const held: Deno.Conn[] = [];
  for (let i = 0; i < 2 * FILES; i++) held.push(await connect());
  for (const connection of held) connection.close();
}

async function isHeardAgain(
  address: string,
  connector: (line: string) => () => Promise<Deno.Conn>,
): Promise<void> {
  const server = started(address);
  const connect = connector(await server.readLine());
  await fillAndLeave(connect);
  assertStringIncludes(
    await server.readLine(),
    "took no more connections: listening anew",
  );
  const connection = await connect();
  await connection.write(bytes(get("/healthz", "Connection: close")));
  assertStringIncludes(await readToEnd(connection), "200 OK");
  await server[Symbol.asyncDispose]();
  assertEquals(server.end?.code, 0);
}

Deno.test("startServer() listens anew on a port after it had no file left to accept with", async () => {
  await isHeardAgain("127.0.0.1:0", (line) => {
    const { port } = JSON.parse(line);
    return () => Deno.connect({ hostname: "127.0.0.1", port });
  });
});

Deno.test("startServer() listens anew on a unix socket after it had no file left to accept with", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/http.sock`;
  await isHeardAgain(
    `unix:${path}`,
    () => () => Deno.connect({ transport: "unix", path }),
  );
  await Deno.remove(folder);
});
