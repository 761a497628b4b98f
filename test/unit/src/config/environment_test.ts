/**
 * Owns the tests of src/config/environment.ts. In: environments, good and bad. Out: verdicts.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import {
  type EnvironmentRead,
  readEnvironment,
  variableName,
} from "../../../../src/config/environment.ts";
import { SETTINGS } from "../../../../src/config/settings.ts";

const DURATION = "a duration from 20ms to 1h (units ms, s, m, h) such as 500ms";
const COUNT = "a whole number from 1 to 4294967295";
const UNKNOWN = "expected BPFPULSE_ and the name of a setting; did you mean";

/** Every kind of mistake with its whole sentence. */
const MISTAKES: readonly [name: string, text: string, message: string][] = [
  [
    "BPFPULSE_INTERVL",
    "1s",
    `Cannot use the variable "BPFPULSE_INTERVL": ${UNKNOWN} BPFPULSE_INTERVAL?`,
  ],
  [
    "BPFPULSE_AUTH_TOKEN",
    "hunter2",
    `Cannot use the variable "BPFPULSE_AUTH_TOKEN": ${UNKNOWN} BPFPULSE_AUTH_TOKEN_FILE?`,
  ],
  [
    "BPFPULSE_log_level",
    "info",
    `Cannot use the variable "BPFPULSE_log_level": ${UNKNOWN} BPFPULSE_LOG_LEVEL?`,
  ],
  [
    "BPFPULSE_PORT",
    "9464",
    `Cannot use the variable "BPFPULSE_PORT": ${UNKNOWN} BPFPULSE_LIMIT?`,
  ],
  [
    "BPFPULSE_\u001b[31m",
    "",
    `Cannot use the variable "BPFPULSE_\\u001b[31m": ${UNKNOWN} BPFPULSE_LIMIT?`,
  ],
  [
    "BPFPULSE_INTERVAL",
    "",
    `Cannot use BPFPULSE_INTERVAL: expected ${DURATION}, found ""`,
  ],
  [
    "BPFPULSE_LOG_FORMAT",
    "jsn",
    'Cannot use BPFPULSE_LOG_FORMAT: expected text or json, found "jsn"; did you mean json?',
  ],
  [
    "BPFPULSE_LISTEN",
    ":80,:99999",
    'Cannot use BPFPULSE_LISTEN: expected host:port, [::1]:port or :port with a port from 0 to 65535, or unix:/path with an absolute path of at most 107 bytes, found ":99999"',
  ],
  [
    "BPFPULSE_LISTEN",
    ":80,:81,:80",
    'Cannot use BPFPULSE_LISTEN: expected each value once, found ":80" twice',
  ],
  [
    "BPFPULSE_LIMIT",
    "maps=1,maps=2",
    'Cannot use BPFPULSE_LIMIT: expected each value once, found "maps" twice',
  ],
  [
    "BPFPULSE_LIMIT",
    "map=1",
    `Cannot use BPFPULSE_LIMIT: expected KEY=N, KEY being maps, programs or links and N ${COUNT}, found "map=1"; did you mean maps?`,
  ],
  [
    "BPFPULSE_INCLUDE_SELF",
    "1",
    'Cannot use BPFPULSE_INCLUDE_SELF: expected true or false, found "1"',
  ],
  [
    "BPFPULSE_BACKEND",
    "iterate",
    'Cannot use BPFPULSE_BACKEND: expected auto, iterator or walk, found "iterate"; did you mean iterator?',
  ],
  [
    "BPFPULSE_CONFIG",
    "",
    'Cannot use BPFPULSE_CONFIG: expected the path of a file, found ""',
  ],
];

for (const [name, text, message] of MISTAKES) {
  Deno.test(`readEnvironment() tells what is wrong with ${JSON.stringify(name)}=${text}`, () => {
    assertEquals(readEnvironment({ [name]: text }), message);
  });
}

Deno.test("readEnvironment() reads a variable for every setting and says which", () => {
  for (const { name, defaultText, kind } of SETTINGS) {
    const text = [defaultText, "maps=5", "1s", "json", "a=pid:1"].find((text) =>
      kind.parse(text).ok
    );
    assert(text !== undefined, name);
    const { assignments } = read({ [variableName(name)]: text });
    assertEquals(
      assignments.map(({ origin }) => origin),
      [`variable ${variableName(name)}`],
    );
  }
});

Deno.test("readEnvironment() reads several values between commas", () => {
  const { assignments, configPath } = read({
    BPFPULSE_LISTEN: "[::1]:80,unix:/run/x",
    BPFPULSE_LIMIT: "maps=1,links=2",
    BPFPULSE_CONFIG: "/etc/x.yaml",
  });
  assertEquals(configPath, "/etc/x.yaml");
  assertEquals(
    assignments.map(({ setting, change }) => ({ setting, change })),
    [
      { setting: "limit.maps", change: { limits: { maps: 1 } } },
      { setting: "limit.links", change: { limits: { links: 2 } } },
      { setting: "listen", change: { listen: [{ host: "::1", port: 80 }] } },
      { setting: "listen", change: { listen: [{ path: "/run/x" }] } },
    ],
  );
});

Deno.test("readEnvironment() passes over what is not its own, handles and Kubernetes' links to a service", () => {
  assertEquals(
    read({
      PATH: "/bin",
      bpfpulse_interval: "x",
      BPFPULSE: "x",
      BPFPULSE_HANDLES: "7",
      BPFPULSE_SERVICE_HOST: "10.0.0.1",
      BPFPULSE_SERVICE_PORT: "9464",
      BPFPULSE_SERVICE_PORT_METRICS: "9464",
      BPFPULSE_PORT: "tcp://10.0.0.1:9464",
      BPFPULSE_PORT_9464_TCP: "tcp://10.0.0.1:9464",
      BPFPULSE_PORT_9464_TCP_ADDR: "10.0.0.1",
    }),
    { assignments: [], configPath: undefined },
  );
});

function read(env: Readonly<Record<string, string>>): EnvironmentRead {
  const result = readEnvironment(env);
  if (typeof result === "string") throw new Error(result);
  return result;
}
