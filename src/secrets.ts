/**
 * Owns what the agent reads from files and must never show: the bearer token, the certificate's key. In: the configuration and
 * a reader of files. Out: the present texts; a file that can no longer be used keeps its last one.
 * @module
 */
import type { Config } from "./config/config.ts";
import { readFailure, type ReadTextFile } from "./config/text_file.ts";
import { readToken } from "./http/auth.ts";
import { type TlsPem, tlsProblem } from "./http/tls.ts";

/** What was read, for a later life of the process, which may no longer read it. */
export interface SecretTexts {
  readonly token?: string | undefined;
  readonly tls?: TlsPem | undefined;
}

/** The message is one sentence, and holds nothing of the file. */
export class SecretError extends Error {
  override readonly name = "SecretError";
}

export class Secrets {
  readonly #config: Pick<Config, "authTokenFile" | "tls">;
  readonly #readTextFile: ReadTextFile;
  #token: string | undefined;
  #tls: TlsPem | undefined;

  /**
   * @param known what an earlier life has read
   * @throws {SecretError} where a file cannot be used: an agent that should be closed must not start open.
   */
  constructor(
    config: Pick<Config, "authTokenFile" | "tls">,
    readTextFile: ReadTextFile,
    known?: SecretTexts,
  ) {
    this.#config = config;
    this.#readTextFile = readTextFile;
    this.#token = known === undefined ? this.#readToken() : known.token;
    this.#tls = known === undefined ? this.#readTls() : known.tls;
  }

  /** All of it, to hand it over. */
  get texts(): SecretTexts {
    return { token: this.#token, tls: this.#tls };
  }

  /** What every request must carry; undefined where no token file was named. */
  get token(): string | undefined {
    return this.#token;
  }

  /** Undefined where no certificate was named. */
  get tls(): TlsPem | undefined {
    return this.#tls;
  }

  /** Reads the files again. Answers a sentence for each that keeps its last text. */
  renew(): string[] {
    const kept: string[] = [];
    const attempt = (read: () => void) => {
      try {
        read();
      } catch (error) {
        if (!(error instanceof SecretError)) throw error;
        kept.push(`${error.message}; the one that was read before stays`);
      }
    };
    attempt(() => this.#token = this.#readToken());
    attempt(() => this.#tls = this.#readTls());
    return kept;
  }

  #readToken(): string | undefined {
    const path = this.#config.authTokenFile;
    if (path === undefined) return undefined;
    const read = readToken(this.#text("--auth-token-file", path));
    if (!read.ok) throw new SecretError(`${read.message} in ${path}`);
    return read.token;
  }

  #readTls(): TlsPem | undefined {
    const files = this.#config.tls;
    if (files === undefined) return undefined;
    const pem = {
      cert: this.#text("--tls-cert", files.certFile),
      key: this.#text("--tls-key", files.keyFile),
    };
    const problem = tlsProblem(pem);
    if (problem !== undefined) throw new SecretError(problem);
    return pem;
  }

  #text(flag: string, path: string): string {
    try {
      return this.#readTextFile(path);
    } catch (error) {
      throw new SecretError(
        `Cannot read ${path} of ${flag}: ${readFailure(error)}`,
      );
    }
  }
}
