/**
 * Owns certificates for tests: each is made when it is asked for, so that no key lies among the sources and none expires. In: nothing.
 * Out: a self-signed certificate for 127.0.0.1 and localhost with its key, as PEM.
 * @module
 */
import type { TlsPem } from "../src/http/tls.ts";

/** Why none can be made here, or undefined where they can. */
export function whyNoOpenssl(): string | undefined {
  try {
    new Deno.Command("openssl", { args: ["version"] }).outputSync();
    return undefined;
  } catch {
    return "needs openssl (Debian: apt install openssl)";
  }
}

/** @param algorithm for `openssl req -newkey` @throws {Error} */
export function makeTls(
  algorithm: readonly string[] = [
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
  ],
): TlsPem {
  const folder = Deno.makeTempDirSync();
  try {
    const { success, stderr } = new Deno.Command("openssl", {
      args: [
        ...["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=bpfpulse"],
        ...["-newkey", ...algorithm],
        // Else clients would take it for an authority, not a server's.
        ...["-addext", "basicConstraints=critical,CA:FALSE"],
        ...["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"],
        ...["-keyout", `${folder}/key.pem`, "-out", `${folder}/cert.pem`],
      ],
    }).outputSync();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return {
      cert: Deno.readTextFileSync(`${folder}/cert.pem`),
      key: Deno.readTextFileSync(`${folder}/key.pem`),
    };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}
