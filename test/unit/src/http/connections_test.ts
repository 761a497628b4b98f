/** Owns the tests of src/http/connections.ts. @module */
import { assert, assertEquals } from "@std/assert";
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { Connections } from "../../../../src/http/connections.ts";

function anAnswer(): ServerResponse {
  return new ServerResponse(new IncomingMessage(new Socket()));
}

function three(limit: number): {
  connections: Connections;
  sockets: [Socket, Socket, Socket];
} {
  const connections = new Connections(limit);
  const sockets: [Socket, Socket, Socket] = [
    new Socket(),
    new Socket(),
    new Socket(),
  ];
  for (const socket of sockets) connections.admit(socket);
  return { connections, sockets };
}

Deno.test("admit() closes the connection that was silent for longest", () => {
  const { connections, sockets: [first, second, third] } = three(3);
  const answer = anAnswer();
  assertEquals(connections.begins(first, answer), 1);
  connections.ends(first, answer);
  assert(connections.admit(new Socket()));
  assertEquals(connections.size, 3);
  assertEquals([first, second, third].map((s) => s.destroyed), [
    false,
    true,
    false,
  ]);
  connections.dropAll();
});

Deno.test("admit() refuses where every connection waits for its answer", () => {
  const { connections, sockets } = three(3);
  for (const socket of sockets) connections.begins(socket, anAnswer());
  const refused = new Socket();
  assert(!connections.admit(refused));
  assert(refused.destroyed);
  assert(!sockets.some((socket) => socket.destroyed));
  connections.dropAll();
});

Deno.test("admit() forgets a connection once it is closed", async () => {
  const { connections, sockets: [first] } = three(3);
  const closed = new Promise((resolve) => first.once("close", resolve));
  first.destroy();
  await closed;
  assertEquals(connections.size, 2);
  assertEquals(connections.begins(first, anAnswer()), 0);
  assertEquals(connections.size, 2);
  connections.dropAll();
});

Deno.test("dropSilent() leaves those that wait for an answer", () => {
  const { connections, sockets: [first, second, third] } = three(3);
  connections.begins(second, anAnswer());
  connections.dropSilent();
  assertEquals([first, second, third].map((s) => s.destroyed), [
    true,
    false,
    true,
  ]);
  assertEquals(connections.size, 1);
  connections.dropAll();
  assert(second.destroyed);
});

Deno.test("begins() counts answers on a connection, and all of them end with it", async () => {
  const { connections, sockets: [first] } = three(3);
  const answers = [anAnswer(), anAnswer(), anAnswer()];
  let ended = 0;
  for (const [i, answer] of answers.entries()) {
    answer.once("close", () => ended += 1);
    assertEquals(connections.begins(first, answer), i + 1);
  }
  const closed = new Promise((resolve) => first.once("close", resolve));
  first.destroy();
  await closed;
  await Promise.resolve();
  assertEquals(ended, 3);
  connections.dropAll();
});
