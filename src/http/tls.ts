/**
 * Owns whether a certificate and a key can serve HTTPS. In: both as PEM text. Out: one sentence that says why not. The runtime's
 * server takes whatever it is given and then fails each handshake, so this is found out before.
 * @module
 */
import { createSecureContext } from "node:tls";
import { codeOf } from "./listen_error.ts";

/** PEM texts: a chain with the server's own certificate first, and its private key, not encrypted. */
export interface TlsPem {
  readonly cert: string;
  readonly key: string;
}

/** The message is one whole sentence. */
export class TlsError extends Error {
  override readonly name = "TlsError";
}

const REASONS: ReadonlyArray<readonly [pattern: RegExp, sentence: string]> = [
  [
    /no certificates found/i,
    "Cannot use the TLS certificate: expected a certificate in PEM, found none",
  ],
  [
    /no keys found/i,
    "Cannot use the TLS key: expected a private key in PEM that is not encrypted, found none",
  ],
  [
    /KeyMismatch/,
    "Cannot use the TLS key: it does not belong to the certificate",
  ],
  [
    /parse private key|key too small/i,
    "Cannot use the TLS key: expected RSA of 2048 bits or more, ECDSA on P-256, P-384 or P-521, or Ed25519",
  ],
];

/** Why `pem` cannot be served with; undefined where it can. No part of either text is in the sentence. */
export function tlsProblem(pem: TlsPem): string | undefined {
  try {
    createSecureContext({ cert: pem.cert, key: pem.key });
    // Takes both through the checks of the library that will use them; nobody can connect in the meantime.
    Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...pem }).close();
    return undefined;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const known = REASONS.find(([pattern]) => pattern.test(error.message));
    if (known !== undefined) return known[1];
    // The listener failed, not the texts.
    if (isSystemError(error)) return undefined;
    return "Cannot use the TLS certificate and key: the TLS library does not take them";
  }
}

function isSystemError(error: Error): boolean {
  return /^E[A-Z]+$/.test(codeOf(error) ?? "");
}
